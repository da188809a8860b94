using Wagi.Chart.Tests.Helm;
using Wagi.Chart.Tests.Installing;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Chart.Tests.Kustomize;

[Collection(InstallCollection.Name)]
public sealed class KustomizeTests(ClusterFixture cluster)
{
    [Fact]
    public async Task DefaultManifests_AreWhatTheChartSays()
    {
        WagiChart.SkipWithout("helm");

        var rendered = await Command.RunAsync(Path.Combine(Checkout.Root, "config", "render"), ["-"]);

        Assert.True(
            rendered.EnsureSuccess().Stdout == await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "config", "default", "wagi.yaml"), TestContext.Current.CancellationToken),
            "config/default does not fit the chart any more: run `make manifests` and commit the result");
    }

    [Fact]
    public async Task DaemonSetOverlay_HasOneRuntimeOnEveryNode_WithTheNodesCache()
    {
        var manifests = await BuildAsync("overlays/daemonset");

        var pod = manifests.Get("DaemonSet", "wagi-runtime")["spec"]!["template"]!["spec"]!;
        var cache = Assert.Single(pod["volumes"]!.AsArray(), volume => (string?)volume!["name"] == "cache")!.AsObject();
        Assert.Equal(["hostPath", "name"], cache.Select(field => field.Key).Order());
        var init = Assert.Single(pod["initContainers"]!.AsArray())!;
        Assert.Equal((string?)pod["containers"]![0]!["image"], (string?)init["image"]);
        Assert.Equal("""["prepare-cache","/var/cache/wagi","--owner=1654"]""", init["args"]!.ToJsonString());
        Assert.Empty(manifests.Of("PodDisruptionBudget"));
        Assert.DoesNotContain(manifests.Of("Deployment"), item => (string?)item["metadata"]!["name"] == "wagi-runtime");
    }

    [Fact]
    public async Task ProductionOverlay_HasMoreOfEverything()
    {
        var manifests = await BuildAsync("overlays/production");

        Assert.Equal(2, (int?)manifests.Get("Deployment", "wagi-operator")["spec"]!["replicas"]);
        Assert.Equal(4, (int?)manifests.Get("Deployment", "wagi-runtime")["spec"]!["replicas"]);
    }

    [Theory]
    [InlineData("default")]
    [InlineData("overlays/production")]
    [InlineData("overlays/daemonset")]
    public async Task Build_IsAcceptedByTheServer_AndASecondApplyChangesNothing(string folder)
    {
        var controlPlane = await cluster.ControlPlaneAsync();
        var installation = new Installation(controlPlane);
        await installation.PrepareAsync();
        var built = (await BuildTextAsync(folder))
            // The manifests are made for current servers; an old one is good enough to try them, without what it does not know.
            .Replace("apiVersion: policy/v1\n", controlPlane.SupportsCel ? "apiVersion: policy/v1\n" : "apiVersion: policy/v1beta1\n", StringComparison.Ordinal)
            .Replace("maxSurge: 1\n      maxUnavailable: 0", controlPlane.SupportsCel ? "maxSurge: 1\n      maxUnavailable: 0" : "maxUnavailable: 1", StringComparison.Ordinal);
        string[] apply = ["apply", .. controlPlane.SupportsCel ? Array.Empty<string>() : ["--validate=false"], "-f", "-"];

        await installation.KubectlAsync(apply, built);
        await installation.KubectlAsync(["wait", "--for=condition=Established", "--timeout=60s", "crd/wagimodules.wagi.dev"]);
        var versions = await installation.VersionsAsync(built);
        await installation.KubectlAsync(apply, built);

        Assert.Equal(versions, await installation.VersionsAsync(built));
        // The namespace stays: no controller is there to end it.
        await installation.KubectlAsync(["delete", "--wait=false", "-f", "-"], built[built.IndexOf("\n---\n", StringComparison.Ordinal)..]);
    }

    [Fact]
    public async Task Samples_AreBuilt()
    {
        Assert.True((await BuildAsync("samples")).Of("WagiModule").Count() >= 6);
    }

    private static async Task<Manifests> BuildAsync(string folder) => Manifests.Parse(await BuildTextAsync(folder));

    private static async Task<string> BuildTextAsync(string folder)
    {
        WagiChart.SkipWithout("kubectl");
        return (await Command.RunAsync("kubectl", ["kustomize", Path.Combine(Checkout.Root, "config", folder)])).EnsureSuccess().Stdout;
    }
}
