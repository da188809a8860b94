using System.Text.Json.Nodes;
using Wagi.Chart.Tests.Helm;

namespace Wagi.Chart.Tests.Rendering;

/// <summary>The fields that the Pod Security Standard <c>restricted</c> asks for. Admission itself is the API server's, from 1.25 on.</summary>
public sealed class PodSecurityTests
{
    private static readonly string[] AllowedVolumes =
        ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    [Theory]
    [InlineData("runtime.cache.type=emptyDir")]
    [InlineData("runtime.cache.type=persistentVolumeClaim")]
    [InlineData("runtime.kind=DaemonSet")]
    public async Task EveryPod_IsRenderedAsRestrictedAsks_NotAdmitted(string values)
    {
        var manifests = await WagiChart.ManifestsAsync(values);

        Assert.Equal(2, manifests.Pods.Count());
        Assert.All(manifests.Pods, pod =>
        {
            var security = pod.Spec["securityContext"]!;
            Assert.True((bool?)security["runAsNonRoot"]);
            Assert.NotEqual(0, (int?)security["runAsUser"]);
            Assert.Equal("RuntimeDefault", (string?)security["seccompProfile"]!["type"]);
            foreach (var host in (string[])["hostNetwork", "hostPID", "hostIPC"]) Assert.Null(pod.Spec[host]);
            Assert.All(Containers(pod.Spec), container =>
            {
                var own = container["securityContext"]!;
                Assert.False((bool?)own["allowPrivilegeEscalation"]);
                Assert.True((bool?)own["readOnlyRootFilesystem"]);
                Assert.Equal("""["ALL"]""", own["capabilities"]!["drop"]!.ToJsonString());
                Assert.Null(own["capabilities"]!["add"]);
                Assert.Null(own["privileged"]);
                Assert.All(container["ports"]!.AsArray(), port => Assert.Null(port!["hostPort"]));
            });
            foreach (var volume in pod.Spec["volumes"]?.AsArray() ?? [])
                Assert.Contains(Assert.Single(volume!.AsObject(), field => field.Key != "name").Key, AllowedVolumes);
        });
    }

    [Fact]
    public async Task HostPathCache_IsTheOnlyVolumeThatRestrictedRefuses()
    {
        var manifests = await WagiChart.ManifestsAsync("runtime.cache.type=hostPath");

        var refused = manifests.Pods
            .SelectMany(pod => pod.Spec["volumes"]?.AsArray() ?? [])
            .Where(volume => !volume!.AsObject().Any(field => AllowedVolumes.Contains(field.Key)));
        Assert.Equal("cache", (string?)Assert.Single(refused)!["name"]);
    }

    [Fact]
    public async Task HostPathCache_IsPreparedByRoot_WithNothingButThePowerToGiveItAway()
    {
        var manifests = await WagiChart.ManifestsAsync("runtime.cache.type=hostPath");
        var pod = manifests.Get("Deployment", "wagi-runtime")["spec"]!["template"]!["spec"]!;

        var init = Assert.Single(pod["initContainers"]!.AsArray())!;
        Assert.Equal((string?)pod["containers"]![0]!["image"], (string?)init["image"]);
        var security = init["securityContext"]!;
        Assert.Equal(0, (int?)security["runAsUser"]);
        Assert.Equal("""{"add":["CHOWN"],"drop":["ALL"]}""", new JsonObject(
            security["capabilities"]!.AsObject().OrderBy(field => field.Key).Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))).ToJsonString());
        Assert.False((bool?)security["allowPrivilegeEscalation"]);
        Assert.True((bool?)security["readOnlyRootFilesystem"]);

        var own = await WagiChart.ManifestsAsync("runtime.cache.type=hostPath,runtime.cache.hostPath.prepare=false");
        Assert.Null(own.Get("Deployment", "wagi-runtime")["spec"]!["template"]!["spec"]!["initContainers"]);
    }

    [Fact]
    public async Task Runtime_HasNoTokenOfTheApiServer()
    {
        var manifests = await WagiChart.ManifestsAsync();

        Assert.False((bool?)manifests.Get("Deployment", "wagi-runtime")["spec"]!["template"]!["spec"]!["automountServiceAccountToken"]);
        Assert.DoesNotContain(manifests.Of("RoleBinding").Concat(manifests.Of("ClusterRoleBinding")), binding =>
            binding["subjects"]!.AsArray().Any(subject => (string?)subject!["name"] == "wagi-runtime"));
    }

    private static IEnumerable<JsonNode> Containers(JsonObject pod) =>
        pod["containers"]!.AsArray().Concat(pod["initContainers"]?.AsArray() ?? []).Select(container => container!);
}
