using Wagi.Node.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Node.Tests;

/// <summary>A release from one version to the next, back, and away.</summary>
public sealed class LifecycleTests(NodeFixture fixture) : NodeTests(fixture)
{
    [Fact]
    public async Task UpgradeAndRollback_GoOnServing_AndUninstallLeavesNothing()
    {
        var space = await System.Modules.CreateNamespaceAsync();
        var module = await System.PushAsync(Checkout.Sample("hello-c")!, $"{space}/hello:v1");
        await System.Modules.ApplyAsync(space, "hello", $"route: /{space}", $"module: {module}");
        await System.Modules.WaitAsync(space, "hello", "Ready");
        using var client = System.NewClient();
        await using (var load = await Load.StartAsync(client, $"/{space}"))
        {
            await System.InstallAsync("runtime.replicas=3", "operator.replicas=2", "commonLabels.team=a");
            Assert.Equal(3, (await System.PodsAsync(InstalledSystem.Runtime)).Count);
            await System.HelmAsync("rollback", InstalledSystem.Release);
            await System.RolledOutAsync();
            Assert.Empty(await load.StopAsync());
        }

        try
        {
            await System.HelmAsync("uninstall", InstalledSystem.Release);
            await System.KubectlAsync("delete", "namespace", space);

            // What belonged to what was deleted, the controller manager takes away: pods, replica sets, endpoints.
            await Eventually.Passes(
                async token => Assert.Equal(System.ObjectsBefore, await System.ObjectsAsync(token)),
                TimeSpan.FromMinutes(2),
                Cancellation);
        }
        finally
        {
            await System.InstallAsync();
        }
    }
}
