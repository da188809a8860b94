using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Wagi.Runtime.Logs;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Logs;

public sealed partial class BudgetedLoggerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly HandlerHost.ListLogger _log = new();

    [Fact]
    public void LinesBeyondTheRate_AreDropped_AndTheLogSaysHowMany()
    {
        var logger = new BudgetedLogger(_log, "team/module", new LineBudget(50, _time));
        for (var i = 0; i < 60; i++)
        {
            LogFailure(logger, i);
        }

        Assert.Equal(50, _log.Lines.Count);
        _time.Advance(TimeSpan.FromSeconds(1));
        LogFailure(logger, 60);

        Assert.Equal(
            [
                "Warning team/module: 10 lines about its requests were dropped, because there were more per second than are kept",
                "Warning request 60 failed",
            ],
            _log.Lines.Skip(50));

        // What was said is not said again.
        LogFailure(logger, 61);
        Assert.Equal("Warning request 61 failed", _log.Lines.Last());
        Assert.Equal(53, _log.Lines.Count);
    }

    [Fact]
    public void LinesThatWereNotWritten_AreNotSavedUp()
    {
        var logger = new BudgetedLogger(_log, "team/module", new LineBudget(50, _time));
        _time.Advance(TimeSpan.FromHours(1));
        for (var i = 0; i < 60; i++)
        {
            LogFailure(logger, i);
        }

        Assert.Equal(50, _log.Lines.Count);
    }

    [LoggerMessage(LogLevel.Warning, "request {Number} failed")]
    private static partial void LogFailure(ILogger logger, int number);
}
