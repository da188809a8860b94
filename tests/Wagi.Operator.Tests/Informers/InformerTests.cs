using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.Supervision;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Retries;
using Wagi.Operator.Informers;
using Wagi.TestCluster;
using static Wagi.Operator.Tests.Informers.ScriptedListWatch;

namespace Wagi.Operator.Tests.Informers;

public sealed class InformerTests : IAsyncDisposable
{
    private readonly ScriptedListWatch _server = new();
    private readonly Informer<PartialObject> _informer;
    private readonly ConcurrentQueue<string> _changed = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _work = Task.CompletedTask;

    public InformerTests()
    {
        _informer = new Informer<PartialObject>(
            _server, TimeProvider.System, NullLogger.Instance, new Backoff(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5)));
        _informer.Changed += key => _changed.Enqueue(key.Name);
    }

    [Fact]
    public async Task Objects_FollowListAndWatch()
    {
        _server.List = () => new([Thing("a", "1"), Thing("b", "2")], "2");
        _server.Watch(null, Stored("c", "3"), Stored("a", "4"), Deleted("b", "5"));
        Start();

        await NamesBecomeAsync("a@4 c@3");
        Assert.Equal(["a", "b", "c", "a", "b"], Sorted(2));
        Assert.True(_informer.Synced.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task WatchThatEnds_IsResumed_WhereItEnded_WithoutListing()
    {
        _server.List = () => new([Thing("a", "1")], "1");
        _server.Watch(null, Stored("b", "2"), Bookmark("17"));
        _server.Watch(new HttpRequestException("cut"), Stored("c", "18"));
        _server.Watch(null, Stored("d", "19"));
        Start();

        await NamesBecomeAsync("a@1 b@2 c@18 d@19");
        Assert.Equal(["1", "17", "18"], _server.WatchedFrom.Take(3));
        Assert.Equal(1, _server.Lists);
    }

    [Fact]
    public async Task ExpiredResourceVersion_ListsAgain_AndNoticesWhatWasMissed()
    {
        _server.List = () => new([Thing("same", "1"), Thing("changed", "2"), Thing("deleted", "3")], "3");
        Start();
        await NamesBecomeAsync("changed@2 deleted@3 same@1");
        _changed.Clear();

        _server.List = () => new([Thing("same", "1"), Thing("changed", "40"), Thing("created", "41")], "50");
        _server.Watch(new ApiServerException(HttpStatusCode.Gone, "Expired", "too old"));

        await NamesBecomeAsync("changed@40 created@41 same@1");
        await Eventually.Becomes(() => _server.WatchedFrom.Last(), from => from == "50");
        Assert.Equal(["changed", "created", "deleted"], _changed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ServerThatIsAway_IsTriedUntilItIsThere_AndNothingIsForgotten()
    {
        var away = true;
        _server.List = () => away ? throw new HttpRequestException("connection refused") : new([Thing("a", "1")], "1");
        Start();
        await Eventually.Becomes(() => _server.Lists, lists => lists > 3);
        Assert.False(_informer.Synced.IsCompleted);
        Assert.Equal("connection refused", _informer.Trouble);

        away = false;
        await NamesBecomeAsync("a@1");
        Assert.Null(_informer.Trouble);

        away = true;
        _server.Watch(new ApiServerException(HttpStatusCode.Gone, "Expired", "too old"));
        await Eventually.Becomes(() => _informer.Trouble, trouble => trouble is not null);
        Assert.Single(_informer.Objects);
    }

    [Fact]
    public async Task AnswerToAWrite_IsTakenAheadOfTheWatch_UnlessTheWatchWasFaster()
    {
        _server.List = () => new([Thing("a", "1")], "1");
        Start();
        await NamesBecomeAsync("a@1");
        var read = _informer.Objects.Values.Single();
        _changed.Clear();

        _informer.Advance(read, Thing("a", "2"));
        Assert.Equal("a@2", Names());
        _informer.Advance(read, Thing("a", "3"));
        Assert.Equal("a@2", Names());

        // The watch tells what is known already.
        _server.Watch(null, Stored("a", "2"), Stored("b", "3"));
        await NamesBecomeAsync("a@2 b@3");
        Assert.Equal(["b"], _changed);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        _stop.Dispose();
    }

    private void Start() => _work = _informer.RunAsync(new LoopProgress(TimeProvider.System), _stop.Token);

    private string Names() => string.Join(
        ' ', _informer.Objects.Values.OrderBy(thing => thing.Metadata.Name, StringComparer.Ordinal).Select(thing => $"{thing.Metadata.Name}@{thing.Metadata.ResourceVersion}"));

    private Task<string> NamesBecomeAsync(string expected) => Eventually.Becomes(Names, names => names == expected);

    /// <summary>The changes, of which the first ones came from a list and so in no order.</summary>
    private IEnumerable<string> Sorted(int listed) => _changed.Take(listed).Order(StringComparer.Ordinal).Concat(_changed.Skip(listed));
}
