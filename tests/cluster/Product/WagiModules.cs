using System.Globalization;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.TestCluster.Product;

/// <summary>WagiModules of a cluster, handled with <c>kubectl</c> as a user does.</summary>
/// <param name="controlPlane">The cluster.</param>
/// <param name="explain">What else to show when a module does not become what was waited for: logs.</param>
public sealed class WagiModules(ControlPlane controlPlane, Func<Task<string>> explain)
{
    /// <summary>A fresh namespace, so that tests do not meet.</summary>
    public async Task<string> CreateNamespaceAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"test-{Guid.NewGuid():N}")[..16];
        (await controlPlane.KubectlAsync("create", "namespace", name)).EnsureSuccess();
        return name;
    }

    /// <summary>Applies a WagiModule whose spec is given as YAML lines without indentation.</summary>
    public Task ApplyAsync(string @namespace, string name, params string[] spec) =>
        controlPlane.ApplyAsync(Manifest(@namespace, name, spec));

    /// <summary>The manifest that <see cref="ApplyAsync"/> applies.</summary>
    public static string Manifest(string @namespace, string name, params string[] spec) =>
        $"""
        apiVersion: wagi.dev/v1alpha1
        kind: WagiModule
        metadata:
          name: {name}
          namespace: {@namespace}
        spec:
          {string.Join("\n  ", spec)}
        """;

    /// <summary><c>kubectl wait</c> for a condition.</summary>
    /// <exception cref="TimeoutException">It does not come; the message says how things stand.</exception>
    public async Task WaitAsync(string @namespace, string name, string condition)
    {
        var waited = await controlPlane.KubectlAsync("wait", $"--for=condition={condition}", "--timeout=45s", $"wagimodule/{name}", "-n", @namespace);
        if (waited.ExitCode != 0)
        {
            var seen = await controlPlane.KubectlAsync("get", "wagimodule", name, "-n", @namespace, "-o", "yaml");
            throw new TimeoutException($"{waited}\n{seen.Stdout}\n{await explain()}");
        }
    }

    /// <summary>A field by JSONPath.</summary>
    public async Task<string> FieldAsync(string @namespace, string name, string jsonPath) =>
        (await controlPlane.KubectlAsync("get", "wagimodule", name, "-n", @namespace, "-o", $"jsonpath={jsonPath}")).EnsureSuccess().Stdout;

    /// <summary>Waits until a condition has a status and a reason, for <paramref name="deadline"/> or the usual time, and returns its message.</summary>
    public async Task<string> ConditionAsync(string @namespace, string name, string type, string status, string reason, TimeSpan? deadline = null)
    {
        string Path(string field) => $"{{.status.conditions[?(@.type==\"{type}\")].{field}}}";
        var seen = await Eventually.Becomes(
            async _ => (await FieldAsync(@namespace, name, Path("status") + "|" + Path("reason") + "|" + Path("message"))).Split('|', 3),
            parts => parts[0] == status && parts[1] == reason,
            deadline,
            waitingFor: $"{type}={status} because of {reason}");
        return seen[2];
    }
}
