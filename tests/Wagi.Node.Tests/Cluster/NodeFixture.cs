using Wagi.Node.Tests.Cluster;

[assembly: AssemblyFixture(typeof(NodeFixture))]

namespace Wagi.Node.Tests.Cluster;

/// <summary>One cluster with one node and our chart installed, for all tests.</summary>
public sealed class NodeFixture : IAsyncLifetime
{
    private readonly Lazy<Task<InstalledSystem>> _system = new(() => InstalledSystem.StartAsync(CancellationToken.None));

    /// <summary>The cluster; the test is skipped where it cannot run.</summary>
    public async Task<InstalledSystem> SystemAsync()
    {
        Assert.SkipWhen(InstalledSystem.WhyMissing is not null, InstalledSystem.WhyMissing ?? "");
        return await _system.Value;
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_system.IsValueCreated && _system.Value.IsCompletedSuccessfully) await (await _system.Value).DisposeAsync();
    }
}
