using System.Net;
using System.Text;
using Wagi.EndToEnd.Harness;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;
using Wagi.TestCluster.Registry;

namespace Wagi.EndToEnd;

/// <summary><c>kubectl apply</c> → operator → ConfigMap → runtime → <c>curl</c>.</summary>
public sealed class MainJobTests(WholeSystemFixture fixture) : WholeSystemTests(fixture)
{
    [Fact]
    public async Task AppliedModule_IsServed_UpdatedWithoutAFailedRequest_AndGoneWhenDeleted()
    {
        var space = await System.CreateNamespaceAsync();
        var first = await System.PushAsync(Checkout.Sample("hello-c")!, $"{space}/hello:v1");
        await System.PushAsync(Checkout.Sample("hello-c-v2")!, $"{space}/hello:v2");

        await System.ApplyModuleAsync(space, "hello", $"route: /{space}", $"module: oci://{System.Registry.Address}/{space}/hello:v1");
        await System.WaitAsync(space, "hello", "Ready");
        Assert.Equal("Hello, world (version 1)\n", await System.Runtime.Client.GetStringAsync($"/{space}", Cancellation));

        var digest = first[first.IndexOf("sha256:", StringComparison.Ordinal)..];
        Assert.Contains(digest, await System.FieldAsync(space, "hello", "{.status.resolvedModule}"), StringComparison.Ordinal);
        Assert.Equal($"[\"/{space}\"]", await System.FieldAsync(space, "hello", "{.status.routes}"));
        Assert.Equal("all", await System.FieldAsync(space, "hello", "{.status.runtimes.summary}"));
        Assert.Equal(
            System.Runtime.Client.BaseAddress + space, await System.FieldAsync(space, "hello", "{.status.url}"));

        await using (var load = await Load.StartAsync(System.Runtime.Client, $"/{space}"))
        {
            await System.ApplyModuleAsync(space, "hello", $"route: /{space}", $"module: oci://{System.Registry.Address}/{space}/hello:v2");
            await System.Runtime.AnswerAsync($"/{space}", HttpStatusCode.OK, body => body == "Hello, world (version 2)\n", Cancellation);
            await System.WaitAsync(space, "hello", "Ready");
            Assert.Empty(await load.StopAsync());
        }

        (await System.ControlPlane.KubectlAsync("delete", "wagimodule", "hello", "-n", space)).EnsureSuccess();
        await System.Runtime.AnswerAsync($"/{space}", HttpStatusCode.NotFound, Cancellation);
    }

    [Fact]
    public async Task Kubectl_ShowsTheColumns()
    {
        var space = await System.CreateNamespaceAsync();
        await System.PushAsync(Checkout.Sample("hello-c")!, $"{space}/hello:v1");
        var module = $"oci://{System.Registry.Address}/{space}/hello:v1";
        await System.ApplyModuleAsync(space, "hello", $"route: /{space}", $"module: {module}");
        await System.WaitAsync(space, "hello", "Ready");

        var lines = (await System.ControlPlane.KubectlAsync("get", "wm", "-n", space, "-o", "wide")).EnsureSuccess().Stdout.Split('\n');
        Assert.Equal(
            ["NAME", "ROUTE", "MODULE", "READY", "RUNTIMES", "AGE", "REASON", "URL"],
            lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var cells = lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["hello", $"/{space}", module, "True"], cells[..4]);
    }

    [Fact]
    public async Task EnvironmentFromSecretAndConfigMap_ReachesTheGuest_AndTheSecretStaysOutOfConfigMapAndLog()
    {
        Assert.SkipWhen(Checkout.Sample("env-c") is null, "artifacts/samples/env-c.wasm is not built");
        var space = await System.CreateNamespaceAsync();
        await System.PushAsync(Checkout.Sample("env-c")!, $"{space}/env:v1");
        (await System.ControlPlane.KubectlAsync("create", "secret", "generic", "db", "--from-literal=password=s3cr3t-value-1", "-n", space)).EnsureSuccess();
        (await System.ControlPlane.KubectlAsync("create", "configmap", "settings", "--from-literal=level=high", "-n", space)).EnsureSuccess();
        await System.ApplyModuleAsync(
            space,
            "env",
            $"route: /{space}",
            $"module: oci://{System.Registry.Address}/{space}/env:v1",
            "env:",
            "- {name: PLAIN, value: plain}",
            "- {name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}",
            "- {name: LEVEL, valueFrom: {configMapKeyRef: {name: settings, key: level}}}");
        await System.WaitAsync(space, "env", "Ready");
        var answer = await System.Runtime.Client.GetStringAsync($"/{space}", Cancellation);
        Assert.Contains("PLAIN=plain\n", answer, StringComparison.Ordinal);
        Assert.Contains("PASSWORD=s3cr3t-value-1\n", answer, StringComparison.Ordinal);
        Assert.Contains("LEVEL=high\n", answer, StringComparison.Ordinal);

        (await System.ControlPlane.KubectlAsync("patch", "secret", "db", "-n", space, "-p", "{\"stringData\":{\"password\":\"s3cr3t-value-2\"}}")).EnsureSuccess();
        await System.Runtime.AnswerAsync(
            $"/{space}", HttpStatusCode.OK, body => body.Contains("PASSWORD=s3cr3t-value-2\n", StringComparison.Ordinal), Cancellation);

        var config = (await System.ControlPlane.KubectlAsync("get", "configmap", "wagi-modules", "-n", WholeSystem.SystemNamespace, "-o", "yaml")).Stdout;
        Assert.Contains($"{space}/env", config, StringComparison.Ordinal);
        string[] places = [config, System.OperatorLog, System.Runtime.Log, (await System.ControlPlane.KubectlAsync("get", "wm,events", "-A", "-o", "yaml")).Stdout];
        Assert.All(places, place => Assert.DoesNotContain("s3cr3t-value", place, StringComparison.Ordinal));
    }

    [Fact]
    public async Task PrivateModule_IsServed_WithTheImagePullSecretOfItsNamespace_AndRefusedWithout()
    {
        var space = await System.CreateNamespaceAsync();
        await using var registry = await RegistryServer.StartAsync(
            new RegistryOptions { Authentication = RegistryAuthentication.Basic }, Cancellation);
        using var docker = new TempDirectory("docker-config");
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{registry.User}:{registry.Password}"));
        docker.Write("config.json", $$$"""{"auths":{"{{{registry.Address}}}":{"auth":"{{{auth}}}"} } }""");
        (await Command.RunAsync(
            Checkout.Wagi,
            ["push", Checkout.Sample("hello-c")!, $"{registry.Address}/private/hello:v1"],
            new Dictionary<string, string?> { ["DOCKER_CONFIG"] = docker.FullPath })).EnsureSuccess();

        var module = $"module: oci://{registry.Address}/private/hello:v1";
        await System.ApplyModuleAsync(space, "without", $"route: /{space}/without", module);
        await System.ConditionAsync(space, "without", "Resolved", "False", ModuleReason.Unauthorized);

        (await System.ControlPlane.KubectlAsync(
            "create", "secret", "docker-registry", "pull", "-n", space,
            $"--docker-server={registry.Address}", $"--docker-username={registry.User}", $"--docker-password={registry.Password}")).EnsureSuccess();
        await System.ApplyModuleAsync(space, "with", $"route: /{space}/with", module, "imagePullSecrets:", "- name: pull");
        await System.WaitAsync(space, "with", "Ready");
        Assert.Equal("Hello, world (version 1)\n", await System.Runtime.Client.GetStringAsync($"/{space}/with", Cancellation));
        Assert.DoesNotContain(registry.Password, System.OperatorLog + System.Runtime.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runtime_GoesOnServing_WithOperatorAndRegistryDown_AndAfterARestart()
    {
        var space = await System.CreateNamespaceAsync();
        await System.PushAsync(Checkout.Sample("hello-c")!, $"{space}/hello:v1");
        await System.ApplyModuleAsync(space, "hello", $"route: /{space}", $"module: oci://{System.Registry.Address}/{space}/hello:v1");
        await System.WaitAsync(space, "hello", "Ready");

        await System.KillOperatorAsync();
        await System.Registry.StopAsync();
        try
        {
            Assert.Equal("Hello, world (version 1)\n", await System.Runtime.Client.GetStringAsync($"/{space}", Cancellation));
            await using var second = await System.StartRuntimeAsync(System.CacheDirectory, Cancellation);
            await second.AnswerAsync($"/{space}", HttpStatusCode.OK, Cancellation);
            Assert.Equal(0, await second.TerminateAsync(Cancellation));
        }
        finally
        {
            await System.Registry.StartAgainAsync(Cancellation);
            System.StartOperator();
        }
    }
}
