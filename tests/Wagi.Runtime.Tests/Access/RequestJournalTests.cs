using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Wagi.Runtime.Access;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Access;

public sealed class RequestJournalTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RequestJournal _journal;
    private readonly AccessLog _log;

    public RequestJournalTests()
    {
        _journal = new RequestJournal(_time);
        _log = new AccessLog(new AccessLogOptions(AccessLogMode.Off, TimeSpan.FromSeconds(1)), _time, new HandlerHost.ListLogger(), _journal);
    }

    private static DefaultHttpContext Request(string id) => new() { TraceIdentifier = id };

    private void Add(string module, string id, RequestEnd end) => _log.Of(module).Add(Request(id), end, 200, TimeSpan.FromMilliseconds(1));

    [Fact]
    public void Requests_AreKeptWhileSomebodyLooks_AndNoLonger()
    {
        Add("a", "before", new RequestEnd(RequestOutcome.Completed));
        Assert.Empty(_journal.Read(0, 0).Requests);

        Add("a", "1", new RequestEnd(RequestOutcome.Completed));
        _time.Advance(RequestJournal.Look);
        Add("a", "2", new RequestEnd(RequestOutcome.Completed));
        _time.Advance(TimeSpan.FromSeconds(1));
        Add("a", "3", new RequestEnd(RequestOutcome.Completed));

        Assert.Equal(["1", "2"], _journal.Read(0, 0).Requests.Select(request => request.Id));
    }

    [Fact]
    public void Look_GivesWhatIsNew()
    {
        _journal.Read(0, 0);
        Add("a", "1", new RequestEnd(RequestOutcome.Completed));
        var last = _journal.Read(0, 0).Requests[^1].Number;
        Add("a", "2", new RequestEnd(RequestOutcome.Completed));

        Assert.Equal(["2"], _journal.Read(last, 0).Requests.Select(request => request.Id));
        Assert.Equal(["1", "2"], _journal.Read(last + 100, 0).Requests.Select(request => request.Id)); // It knows another process's.
    }

    [Fact]
    public void MoreRequestsThanAreKept_AreCounted()
    {
        _journal.Read(0, 0);
        for (var i = 0; i < RequestJournal.Requests + 7; i++)
        {
            Add("a", $"{i}", new RequestEnd(RequestOutcome.Completed));
        }

        var view = _journal.Read(0, 0);
        Assert.Equal(RequestJournal.Requests, view.Requests.Length);
        Assert.Equal(7, view.LeftOut);
    }

    [Fact]
    public void Failures_AreKeptAlways_WithTheirReason()
    {
        Add("a", "1", new RequestEnd(RequestOutcome.Trapped, Reason: "unreachable"));
        Add("a", "2", new RequestEnd(RequestOutcome.Saturated, Reason: "too many"));

        var failure = Assert.Single(_journal.Read(0, 0).Failures);
        Assert.Equal(("a", "1", "trapped", "unreachable"), (failure.Module, failure.Id, failure.Outcome, failure.Reason));
    }

    [Fact]
    public void FailuresOfOneModule_DoNotPushOutThoseOfOthers()
    {
        Add("quiet", "1", new RequestEnd(RequestOutcome.Trapped));
        var flooded = _log.Of("flooded");
        for (var i = 0; i < 10 * RequestJournal.Failures; i++)
        {
            flooded.Add(Request("2"), new RequestEnd(RequestOutcome.Trapped), 500, TimeSpan.Zero);
        }

        var failures = _journal.Read(0, 0).Failures;
        Assert.Contains(failures, failure => failure.Module == "quiet");
        Assert.Equal(RequestJournal.FailuresPerSecond, failures.Count(failure => failure.Module == "flooded"));
    }

    [Fact]
    public void RequestThatNobodyWatches_AllocatesNothing()
    {
        var log = _log.Of("a");
        var context = Request("1");
        log.Add(context, new RequestEnd(RequestOutcome.Completed, 5), 200, TimeSpan.FromMilliseconds(1));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            log.Add(context, new RequestEnd(RequestOutcome.Completed, 5), 200, TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
