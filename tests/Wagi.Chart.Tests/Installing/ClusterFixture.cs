using Wagi.Chart.Tests.Installing;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;

[assembly: AssemblyFixture(typeof(ClusterFixture))]

namespace Wagi.Chart.Tests.Installing;

/// <summary>A real API server, for all tests that install. Nothing runs there: an object is accepted or it is not.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    private readonly Lazy<Task<ControlPlane>> _controlPlane = new(() => ControlPlane.StartAsync());

    /// <summary>The API server; the test is skipped where there is none.</summary>
    public async Task<ControlPlane> ControlPlaneAsync()
    {
        Assert.SkipWhen(TestTools.WhyMissing(ControlPlane.Programs) is not null, TestTools.WhyMissing(ControlPlane.Programs) ?? "");
        return await _controlPlane.Value;
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_controlPlane.IsValueCreated) await (await _controlPlane.Value).DisposeAsync();
    }
}
