using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Informers;

namespace Wagi.Operator.Tests.Informers;

/// <summary>An API server whose every answer the test gives.</summary>
internal sealed class ScriptedListWatch : IListWatch<PartialObject>
{
    private readonly Channel<Func<IAsyncEnumerable<WatchEvent<PartialObject>>>> _watches = Channel.CreateUnbounded<Func<IAsyncEnumerable<WatchEvent<PartialObject>>>>();

    public string Name => "things";

    /// <summary>What a list answers.</summary>
    public Func<ObjectList<PartialObject>> List { get; set; } = () => new([], "1");

    /// <summary>From where every watch so far went on.</summary>
    public ConcurrentQueue<string> WatchedFrom { get; } = [];

    /// <summary>How often it was listed.</summary>
    public int Lists { get; private set; }

    /// <summary>What the next watch tells; it ends after that, by the exception if there is one.</summary>
    public void Watch(Exception? end, params WatchEvent<PartialObject>[] events) => _watches.Writer.TryWrite(() => Tell([.. events], end));

    public static PartialObject Thing(string name, string resourceVersion) =>
        new() { Metadata = new PartialMetadata { Name = name, Namespace = "default", ResourceVersion = resourceVersion } };

    public static WatchEvent<PartialObject> Stored(string name, string resourceVersion) =>
        new(WatchEventType.Stored, resourceVersion, Thing(name, resourceVersion));

    public static WatchEvent<PartialObject> Deleted(string name, string resourceVersion) =>
        new(WatchEventType.Deleted, resourceVersion, Thing(name, resourceVersion));

    public static WatchEvent<PartialObject> Bookmark(string resourceVersion) => new(WatchEventType.Bookmark, resourceVersion, null);

    public ObjectIdentity Identify(PartialObject item) => item.Identity;

    public Task<ObjectList<PartialObject>> ListAsync(CancellationToken cancellationToken)
    {
        Lists++;
        return Task.FromResult(List());
    }

    public async IAsyncEnumerable<WatchEvent<PartialObject>> WatchAsync(
        string resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        WatchedFrom.Enqueue(resourceVersion);
        var watch = await _watches.Reader.ReadAsync(cancellationToken);
        await foreach (var change in watch())
        {
            yield return change;
        }
    }

    private static async IAsyncEnumerable<WatchEvent<PartialObject>> Tell(ImmutableArray<WatchEvent<PartialObject>> events, Exception? end)
    {
        foreach (var change in events)
        {
            yield return change;
        }

        await Task.Yield();
        if (end is not null)
        {
            throw end;
        }
    }
}
