using System.Net;
using Wagi.Node.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Node.Tests;

/// <summary>The cache that the runtime pods of a node share (<c>hostPath</c>).</summary>
public sealed class NodeCacheTests(NodeFixture fixture) : NodeTests(fixture)
{
    [Fact]
    public async Task NewRuntime_OnAWarmNode_ServesEverything_WithTheRegistryDown()
    {
        var space = await System.Modules.CreateNamespaceAsync();
        string[] samples = ["hello-c", "env-c"];
        Assert.SkipWhen(Checkout.WhyNoSample("env-c") is not null, Checkout.WhyNoSample("env-c") ?? "");
        foreach (var sample in samples)
        {
            var module = await System.PushAsync(Checkout.Sample(sample)!, $"{space}/{sample}:v1");
            await System.Modules.ApplyAsync(space, sample, $"route: /{space}/{sample}", $"module: {module}");
        }

        foreach (var sample in samples) await System.Modules.WaitAsync(space, sample, "Ready");
        var before = await System.PodsAsync(InstalledSystem.Runtime);
        await System.Registry.StopAsync();
        try
        {
            await System.KubectlAsync(["delete", "pod", "--wait=false", "-n", InstalledSystem.Namespace, .. before]);
            var pods = await Eventually.Becomes(
                _ => System.PodsAsync(InstalledSystem.Runtime), pods => pods.Count == 2 && !pods.Intersect(before).Any(), cancellationToken: Cancellation);
            await System.RolledOutAsync();

            foreach (var pod in pods)
            {
                var address = await System.KubectlAsync("get", "pod", pod, "-n", InstalledSystem.Namespace, "-o", "jsonpath={.status.podIP}");
                foreach (var sample in samples)
                {
                    using var answer = await System.Client.GetAsync($"http://{address}:3000/{space}/{sample}", Cancellation);
                    Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                }
            }
        }
        finally
        {
            await System.Registry.StartAgainAsync(Cancellation);
        }
    }
}
