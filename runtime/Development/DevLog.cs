using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Wagi.Runtime.Access;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Logs;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Development;

/// <summary>
/// The server's log for who writes a module: a line for each request, what modules say on stderr, and what is wrong; the rest only where the level asks
/// for it.
/// </summary>
/// <param name="terminal">Where it goes.</param>
/// <param name="level">The lowest level of what is logged.</param>
internal sealed partial class DevLog(DevTerminal terminal, LogLevel level) : ILoggerProvider, ILogger
{
    /// <summary>Id of a module that could not be loaded → why.</summary>
    private readonly ConcurrentDictionary<string, string> _failures = new(StringComparer.Ordinal);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        object? Value(string name) => (state as IReadOnlyList<KeyValuePair<string, object?>>)?.FirstOrDefault(value => value.Key == name).Value;

        switch (eventId.Id)
        {
            case AccessLog.RequestEvent or AccessLog.ModuleRequestEvent:
                terminal.Say(Describe(Value));
                break;
            case LoggedGuestLines.LineEvent:
                terminal.Say($"{Value("Module")}: {Value("Line")}");
                break;
            case RouteAnnouncer.ServingEvent:
                terminal.Say($"serving {Value("Url")}");
                break;
            case WagiServer.ListeningEvent:
                terminal.Say($"console {Value("AdminUrl")}");
                break;
            case ModuleHost.RetryEvent:
                SayOnce((string)Value("Id")!, (string)Value("Message")!);
                break;
            case ModuleHost.ReadyEvent:
                _failures.TryRemove((string)Value("Id")!, out _);
                terminal.Say($"{Value("Id")} is loaded");
                break;
            default:
                if (logLevel >= LogLevel.Warning || level < LogLevel.Information)
                {
                    // The number of a request tells nothing here: its line is the next.
                    var text = formatter(state, exception);
                    text = Value("Request") is string request ? text.Replace($" {request}", "", StringComparison.Ordinal) : text;
                    Say(exception is null ? text : $"{text}: {exception.Message}", logLevel >= LogLevel.Warning ? Color.Red : Color.None);
                }

                break;
        }
    }

    /// <summary>Until the next build it stays as it is, however often it is tried.</summary>
    private void SayOnce(string module, string failure)
    {
        if (!_failures.TryGetValue(module, out var told) || told != failure)
        {
            _failures[module] = failure;
            terminal.Say($"{module} could not be loaded: {failure}", Color.Red);
        }
    }

    /// <summary>A trap's frames with file and line are a list, in which one is looked for.</summary>
    private void Say(string text, Color color)
    {
        var frames = NextFrame().Split(text);
        terminal.Say(frames[0], color);
        foreach (var frame in frames.Skip(1))
        {
            terminal.Copy($"  at {frame}");
        }
    }

    private string Describe(Func<string, object?> value)
    {
        var status = (int)value("Status")!;
        var color = status is 0 or >= 500 ? Color.Red : status >= 400 ? Color.Yellow : Color.Green;
        var outcome = (string)value("Outcome")!;
        var remark = outcome == HandlerMetrics.NameOf(RequestOutcome.Completed) ? "" : $", {outcome}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{value("Method")} {value("Path")} {terminal.Paint(status.ToString(CultureInfo.InvariantCulture), color)} {value("Milliseconds"):0.0} ms{remark}");
    }

    public void Dispose()
    {
    }

    [GeneratedRegex(@"; at (?=.*:\d+:\d+\))|(?<=:\d+:\d+\)), ")]
    private static partial Regex NextFrame();
}
