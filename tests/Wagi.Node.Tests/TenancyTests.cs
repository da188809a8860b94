using System.Text;
using Wagi.Node.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;
using Wagi.TestCluster.Registry;

namespace Wagi.Node.Tests;

/// <summary>What a tenant, a user with the role <c>edit</c> in one namespace, can do and cannot.</summary>
public sealed class TenancyTests(NodeFixture fixture) : NodeTests(fixture)
{
    private const string Password = "s3cr3t-of-the-neighbour";

    [Fact]
    public async Task PrivateModule_IsServed_WithTheTenantsOwnPullSecret_AndNotWithANeighbours()
    {
        await using var registry = await RegistryServer.StartAsync(
            new RegistryOptions { Host = System.Node.HostAddress, Authentication = RegistryAuthentication.Basic }, Cancellation);
        await System.InstallAsync($"insecureRegistries={{{System.Registry.Address},{registry.Address}}}");
        var tenant = await TenantAsync();
        var neighbour = await System.Modules.CreateNamespaceAsync();
        var module = await PushPrivateAsync(registry);
        string[] secret =
        [
            "create", "secret", "docker-registry", "pull", $"--docker-server={registry.Address}", $"--docker-username={registry.User}",
            $"--docker-password={registry.Password}",
        ];
        await System.KubectlAsync([.. secret, "-n", neighbour]);
        string[] spec = [$"route: /{tenant.Namespace}", $"module: {module}", "imagePullSecrets:", "- name: pull"];

        await tenant.KubectlAsync(["apply", "-f", "-"], WagiModules.Manifest(tenant.Namespace, "private", spec));
        await System.Modules.ConditionAsync(tenant.Namespace, "private", "Resolved", "False", "SecretNotFound");

        await tenant.KubectlAsync(secret, null);
        await System.Modules.WaitAsync(tenant.Namespace, "private", "Ready");
        await System.AnswersAsync($"/{tenant.Namespace}", "Hello, world (version 1)\n");
        await System.InstallAsync();
    }

    [Fact]
    public async Task Tenant_ReachesNoSecretOfAnotherNamespace()
    {
        Assert.SkipWhen(Checkout.WhyNoSample("env-c") is not null, Checkout.WhyNoSample("env-c") ?? "");
        var tenant = await TenantAsync();
        var neighbour = await System.Modules.CreateNamespaceAsync();
        await System.KubectlAsync("create", "secret", "generic", "db", "-n", neighbour, $"--from-literal=password={Password}");
        var module = await System.PushAsync(Checkout.Sample("env-c")!, $"{tenant.Namespace}/env:v1");
        await System.Modules.ApplyAsync(
            neighbour, "env", $"route: /{neighbour}", $"module: {module}", "env:", "- {name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}");
        await System.Modules.WaitAsync(neighbour, "env", "Ready");

        // A connection to a pod that an earlier test replaced ends with its next answer, which does not know this module.
        await Eventually.Becomes(
            token => System.Client.GetStringAsync($"/{neighbour}", token),
            body => body.Contains(Password, StringComparison.Ordinal),
            cancellationToken: Cancellation);

        // By name: a module's references are to its own namespace, whatever they say.
        foreach (var name in new[] { "db", $"{neighbour}/db" })
        {
            var applied = await tenant.TryKubectlAsync(
                ["apply", "-f", "-"],
                WagiModules.Manifest(
                    tenant.Namespace, "thief", $"route: /{tenant.Namespace}", $"module: {module}", "env:",
                    $"- {{name: PASSWORD, valueFrom: {{secretKeyRef: {{name: '{name}', key: password}}}}}}"));
            if (applied.ExitCode == 0) await System.Modules.ConditionAsync(tenant.Namespace, "thief", "Resolved", "False", "SecretNotFound");
            else Assert.Contains(name, applied.Stderr, StringComparison.Ordinal);
        }

        // By hand: neither the neighbour's Secret, nor the one that is made of it for the runtimes, nor the neighbour's module.
        foreach (var target in new[] { $"secret/db -n {neighbour}", $"secret/wagi-modules -n {InstalledSystem.Namespace}", $"wagimodule/env -n {neighbour}" })
        {
            var refused = await tenant.TryKubectlAsync(["get", .. target.Split(' ')], null);
            Assert.Contains("Forbidden", refused.Stderr, StringComparison.Ordinal);
        }

        // By what others may read: the ConfigMap, statuses and events.
        var readable = await System.KubectlAsync("get", "configmaps,wagimodules,events", "-A", "-o", "yaml");
        Assert.DoesNotContain(Password, readable, StringComparison.Ordinal);
    }

    private async Task<Tenant> TenantAsync()
    {
        var space = await System.Modules.CreateNamespaceAsync();
        await System.KubectlAsync("create", "rolebinding", "tenant", "-n", space, "--clusterrole=edit", $"--user=tenant-of-{space}");
        return new Tenant(space, await System.ControlPlane.CreateUserKubeconfigAsync($"tenant-of-{space}"));
    }

    private static async Task<string> PushPrivateAsync(RegistryServer registry)
    {
        using var docker = new TempDirectory("docker-config");
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{registry.User}:{registry.Password}"));
        docker.Write("config.json", $$$"""{"auths":{"{{{registry.Address}}}":{"auth":"{{{auth}}}"} } }""");
        var reference = $"{registry.Address}/private/hello:v1";
        (await Command.RunAsync(
            Checkout.Wagi,
            ["push", Checkout.Sample("hello-c")!, reference, "--insecure-registry", registry.Address],
            new Dictionary<string, string?> { ["DOCKER_CONFIG"] = docker.FullPath })).EnsureSuccess();
        return $"oci://{reference}";
    }

    /// <summary>A user and the namespace that is the user's.</summary>
    private sealed record Tenant(string Namespace, string Kubeconfig)
    {
        public async Task KubectlAsync(string[] arguments, string? stdin) => (await TryKubectlAsync(arguments, stdin)).EnsureSuccess();

        public Task<CommandResult> TryKubectlAsync(string[] arguments, string? stdin) =>
            Command.RunAsync(
                "kubectl",
                ["--kubeconfig", Kubeconfig, "--cache-dir", Kubeconfig + "-cache", .. arguments, .. arguments.Contains("-n") ? [] : new[] { "-n", Namespace }],
                stdin: stdin,
                cancellationToken: Cancellation);
    }
}
