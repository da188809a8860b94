using System.Text.Json.Nodes;
using Wagi.Chart.Tests.Helm;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Processes;

namespace Wagi.Chart.Tests.Installing;

/// <summary>What a test does with a cluster.</summary>
/// <param name="cluster">The cluster.</param>
internal sealed class Installation(ControlPlane cluster)
{
    /// <summary>Namespace of the release, the test's own.</summary>
    public string Namespace { get; } = $"wagi-{Guid.NewGuid():N}"[..12];

    private string[] Connection => ["--kubeconfig", cluster.KubeconfigPath, "--namespace", Namespace];

    /// <summary>Makes the namespace, which is the user's, and removes a CRD that a failed test may have left.</summary>
    public async Task PrepareAsync()
    {
        await KubectlAsync(["delete", "crd", "--all"]);
        await KubectlAsync(["create", "namespace", Namespace]);
    }

    /// <summary>Runs a command of helm for the release <c>wagi</c>, which must succeed.</summary>
    public async Task<CommandResult> HelmAsync(string helm, params string[] arguments) =>
        (await WagiChart.RunAsync(helm, [.. arguments, .. Connection])).EnsureSuccess();

    /// <summary>Runs <c>kubectl</c>, which must succeed.</summary>
    public async Task<string> KubectlAsync(string[] arguments, string? stdin = null) =>
        (await cluster.KubectlAsync(arguments, stdin, cancellationToken: TestContext.Current.CancellationToken)).EnsureSuccess().Stdout;

    /// <inheritdoc cref="ControlPlane.ListObjectsAsync"/>
    public Task<IReadOnlyList<string>> ObjectsAsync() => cluster.ListObjectsAsync(TestContext.Current.CancellationToken);

    /// <summary>Writes into the generated objects as the operator does.</summary>
    public async Task FillAsOperatorAsync()
    {
        await PatchAsync("configmap/wagi-modules", """{"data":{"modules.toml":"served"}}""");
        await PatchAsync("secret/wagi-modules", """{"data":{"default.a.json":"c2VjcmV0"}}""");
        await PatchAsync("lease/wagi-operator", """{"spec":{"holderIdentity":"leader"}}""");

        // Not `kubectl apply --server-side`, which takes over what an earlier `kubectl apply` wrote; the operator does not.
        Task PatchAsync(string name, string patch) =>
            KubectlAsync(["patch", name, "--namespace", Namespace, "--type=merge", "--field-manager=wagi-operator", "-p", patch]);
    }

    /// <summary>What the operator wrote, as it stands now.</summary>
    public async Task<string> FilledAsync()
    {
        var configMap = await KubectlAsync(["get", "configmap", "wagi-modules", "-n", Namespace, "-o", "jsonpath={.data.modules\\.toml}"]);
        var secret = await KubectlAsync(["get", "secret", "wagi-modules", "-n", Namespace, "-o", "jsonpath={.data.default\\.a\\.json}"]);
        var lease = await KubectlAsync(["get", "lease", "wagi-operator", "-n", Namespace, "-o", "jsonpath={.spec.holderIdentity}"]);
        return $"{configMap} {secret} {lease}";
    }

    /// <summary>What <see cref="FilledAsync"/> gives as long as nobody interferes.</summary>
    public const string Filled = "served c2VjcmV0 leader";

    /// <summary>The resource versions of all objects of some manifests.</summary>
    public async Task<IReadOnlyList<string>> VersionsAsync(string manifests)
    {
        var answer = JsonNode.Parse(await KubectlAsync(["get", "-o", "json", "-f", "-"], manifests))!;
        return
        [
            .. answer["items"]!.AsArray().Select(item => item!)
                .Select(item => $"{item["kind"]}/{item["metadata"]!["name"]} {item["metadata"]!["resourceVersion"]}"),
        ];
    }
}
