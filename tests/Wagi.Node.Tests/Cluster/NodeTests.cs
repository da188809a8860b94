namespace Wagi.Node.Tests.Cluster;

/// <summary>Tests on a real node; skipped where it cannot run.</summary>
[Collection(NodeCollection.Name)]
public abstract class NodeTests(NodeFixture fixture) : IAsyncLifetime
{
    /// <summary>Everything that is installed.</summary>
    protected InstalledSystem System { get; private set; } = null!;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => System = await fixture.SystemAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }
}
