using Wagi.Chart.Tests.Helm;

namespace Wagi.Chart.Tests.Installing;

[Collection(InstallCollection.Name)]
public sealed class InstallTests(ClusterFixture cluster)
{
    public static TheoryData<string, string> Variants => new(
        from helm in WagiChart.Helms
        from values in new[]
        {
            "",
            "operator.replicas=2,operator.watchNamespace=default,rbac.aggregate=false,networkPolicy.enabled=false",
            "runtime.kind=DaemonSet,runtime.cache.type=hostPath",
            "runtime.autoscaling.enabled=true,runtime.autoscaling.requestsRunning=20,operator.replicas=2",
            "ingress.enabled=true,ingress.hosts={a.example.com},ingress.tls[0].secretName=a,runtime.service.type=LoadBalancer,runtime.service.externalTrafficPolicy=Local",
            "metrics.dashboard.enabled=true,commonLabels.team=a,commonAnnotations.b=c,fullnameOverride=other,networkPolicy.clients[0].podSelector.matchLabels.a=b",
        }
        select (helm, values));

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task Install_IsAcceptedByTheServer_AndUninstallLeavesNothing(string helm, string values)
    {
        WagiChart.SkipWithout(helm);
        var installation = new Installation(await cluster.ControlPlaneAsync());
        await installation.PrepareAsync();
        var before = await installation.ObjectsAsync();
        string[] set = ["--set", "crds.keep=false" + (values.Length == 0 ? "" : "," + values)];

        await installation.HelmAsync(helm, ["install", "wagi", WagiChart.Folder, .. set]);
        Assert.True((await installation.ObjectsAsync()).Count > before.Count + 10);
        await installation.FillAsOperatorAsync();
        await installation.HelmAsync(helm, "uninstall", "wagi");

        Assert.Equal(before, await installation.ObjectsAsync());
    }

    [Theory]
    [InlineData("helm")]
    [InlineData("helm3")]
    public async Task UpgradeAndRollback_LeaveAloneWhatTheOperatorWrote(string helm)
    {
        WagiChart.SkipWithout(helm);
        var installation = new Installation(await cluster.ControlPlaneAsync());
        await installation.PrepareAsync();
        await installation.HelmAsync(helm, "install", "wagi", WagiChart.Folder, "--set", "crds.keep=false");
        await installation.FillAsOperatorAsync();

        await installation.HelmAsync(helm, "upgrade", "wagi", WagiChart.Folder, "--set", "crds.keep=false,commonLabels.team=a,runtime.replicas=3");
        Assert.Equal(Installation.Filled, await installation.FilledAsync());

        // A rewrite by the operator does not stand in the way of the next upgrade.
        await installation.FillAsOperatorAsync();
        await installation.HelmAsync(helm, "rollback", "wagi", "1");
        Assert.Equal(Installation.Filled, await installation.FilledAsync());
        await installation.HelmAsync(helm, "uninstall", "wagi");
    }

    [Fact]
    public async Task Crds_StayWithTheirModules()
    {
        WagiChart.SkipWithout("helm");
        var installation = new Installation(await cluster.ControlPlaneAsync());
        await installation.PrepareAsync();
        await installation.HelmAsync("helm", "install", "wagi", WagiChart.Folder);
        await installation.KubectlAsync(
            ["apply", "-f", "-"],
            "---\n{apiVersion: wagi.dev/v1alpha1, kind: WagiModule, metadata: {name: kept, namespace: default}, spec: {route: /kept, module: 'oci://registry.invalid/kept:v1'}}");

        await installation.HelmAsync("helm", "uninstall", "wagi");

        Assert.Equal("wagimodule.wagi.dev/kept\n", await installation.KubectlAsync(["get", "wagimodules", "-n", "default", "-o", "name"]));
        await installation.KubectlAsync(["delete", "crd", "--all"]);
    }

    [Fact]
    public async Task RenderedManifests_AppliedTwice_ChangeNothing()
    {
        WagiChart.SkipWithout("helm");
        var controlPlane = await cluster.ControlPlaneAsync();
        var installation = new Installation(controlPlane);
        await installation.PrepareAsync();
        var before = await installation.ObjectsAsync();
        var version = controlPlane.ServerVersion;
        var rendered = (await WagiChart.RunAsync(
            "helm", "template", "wagi", WagiChart.Folder, "--namespace", installation.Namespace, "--kube-version", version.ToString(),
            "--set", "runtime.podDisruptionBudget.enabled=false")).EnsureSuccess().Stdout;

        await installation.KubectlAsync(["apply", "-f", "-"], rendered);
        await installation.KubectlAsync(["wait", "--for=condition=Established", "--timeout=60s", "crd/wagimodules.wagi.dev"]);
        await installation.FillAsOperatorAsync();
        var versions = await installation.VersionsAsync(rendered);
        Assert.True(versions.Count > 15);

        await installation.KubectlAsync(["apply", "-f", "-"], rendered);
        Assert.Equal(versions, await installation.VersionsAsync(rendered));
        Assert.Equal(Installation.Filled, await installation.FilledAsync());

        await installation.KubectlAsync(["delete", "-f", "-"], rendered);
        Assert.Equal(before, await installation.ObjectsAsync());
    }
}
