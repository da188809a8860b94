using System.Net;
using Wagi.EndToEnd.Harness;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary><c>wagi deploy</c>: from a file to a route that answers, in one command.</summary>
public sealed class DeployTests(WholeSystemFixture fixture) : WholeSystemTests(fixture)
{
    [Fact]
    public async Task DeployedModule_IsServed_AndASecondDeployReplacesIt()
    {
        var space = await System.CreateNamespaceAsync();

        var first = await DeployAsync(space, Checkout.Sample("hello-c")!, "hello:v1", $"/{space}");

        Assert.Equal($"{System.Runtime.Client.BaseAddress}{space}\n", first.EnsureSuccess().Stdout);
        Assert.Equal("Hello, world (version 1)\n", await System.Runtime.Client.GetStringAsync($"/{space}", Cancellation));
        Assert.Contains($"wagimodule {space}/hello created\n", first.Stderr, StringComparison.Ordinal);
        Assert.Contains("Accepted: ", first.Stderr, StringComparison.Ordinal);
        Assert.Contains("Ready: ", first.Stderr, StringComparison.Ordinal);
        Assert.DoesNotContain(first.Stderr, character => char.IsControl(character) && character != '\n');
        var module = await System.FieldAsync(space, "hello", "{.spec.module}");
        Assert.StartsWith($"oci://{System.Registry.Address}/{space}/hello:v1@sha256:", module, StringComparison.Ordinal);
        Assert.Contains($"pushed {module}\n", first.Stderr, StringComparison.Ordinal);

        var second = await DeployAsync(space, Checkout.Sample("hello-c-v2")!, "hello:v1", $"/{space}");

        Assert.Contains($"wagimodule {space}/hello configured\n", second.EnsureSuccess().Stderr, StringComparison.Ordinal);
        Assert.Equal("Hello, world (version 2)\n", await System.Runtime.Client.GetStringAsync($"/{space}", Cancellation));

        var third = await DeployAsync(space, Checkout.Sample("hello-c-v2")!, "hello:v1", $"/{space}");

        Assert.Contains($"wagimodule {space}/hello unchanged\n", third.EnsureSuccess().Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_BecomeFieldsOfTheWagiModule_AndAreGoneWithTheNextDeployThatLacksThem()
    {
        Assert.SkipWhen(Checkout.Sample("env-c") is null, "artifacts/samples/env-c.wasm is not built");
        var space = await System.CreateNamespaceAsync();

        var deployed = await DeployAsync(
            space, Checkout.Sample("env-c")!, "some/env_sample:v1", $"/{space}/...", "--name", "named", "-e", "GREETING=hello", "--allowed-host", "https://api.example.com");

        deployed.EnsureSuccess();
        Assert.Contains("GREETING=hello\n", await System.Runtime.Client.GetStringAsync($"/{space}/below", Cancellation), StringComparison.Ordinal);
        Assert.Equal("[\"https://api.example.com\"]", await System.FieldAsync(space, "named", "{.spec.allowedHosts}"));

        (await DeployAsync(space, Checkout.Sample("env-c")!, "some/env_sample:v1", $"/{space}/...", "--name", "named")).EnsureSuccess();

        Assert.Equal("|", await System.FieldAsync(space, "named", "{.spec.allowedHosts[*]}|{.spec.env[*]}"));
    }

    [Fact]
    public async Task RouteOfAnother_IsTheReason_WithWhatToDoAboutIt()
    {
        var space = await System.CreateNamespaceAsync();
        (await DeployAsync(space, Checkout.Sample("hello-c")!, "first:v1", $"/{space}")).EnsureSuccess();

        var refused = await DeployAsync(space, Checkout.Sample("hello-c")!, "second:v1", $"/{space}");

        Assert.Equal(1, refused.ExitCode);
        Assert.Empty(refused.Stdout);
        Assert.Contains($"wagi: {space}/second is not ready: {ModuleReason.RouteConflict}: ", refused.Stderr, StringComparison.Ordinal);
        Assert.Contains("Choose another route or host", refused.Stderr, StringComparison.Ordinal);
        Assert.EndsWith("\n  kubectl get wagimodules --all-namespaces\n", refused.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModuleThatDoesNotBecomeReady_IsExplained_WithTheCommandThatHelps()
    {
        var space = await System.CreateNamespaceAsync();
        using var folder = new TempDirectory("module");
        folder.Write("stranger.wat", """(module (import "nobody" "has" (func)) (memory (export "memory") 1) (func (export "_start")))""");

        var refused = await DeployAsync(space, folder.PathOf("stranger.wat"), "stranger:v1", $"/{space}");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains($"wagi: {space}/stranger is not ready: {ModuleReason.UnknownImport}: ", refused.Stderr, StringComparison.Ordinal);
        Assert.Contains($"\n  wagi check {System.Registry.Address}/{space}/stranger:v1@sha256:", refused.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RouteThatIsNone_IsSaidBeforeAnythingIsPushed()
    {
        var space = await System.CreateNamespaceAsync();

        var refused = await DeployAsync(space, Checkout.Sample("hello-c")!, "hello:v1", "/a/.../b");

        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith("wagi: --route: route '/a/.../b' ", refused.Stderr, StringComparison.Ordinal);
        Assert.DoesNotContain("pushed", refused.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingNamespace_IsSaidBeforeAnythingIsPushed()
    {
        var refused = await DeployAsync("nowhere", Checkout.Sample("hello-c")!, "hello:v1", "/nowhere");

        Assert.Equal(1, refused.ExitCode);
        Assert.Equal("wagi: namespace 'nowhere' does not exist: kubectl create namespace nowhere, or name another with --namespace\n", refused.Stderr);
    }

    [Fact]
    public async Task MissingPermission_IsNamed()
    {
        var space = await System.CreateNamespaceAsync();
        var kubeconfig = await System.ControlPlane.CreateUserKubeconfigAsync($"nobody-{space}");

        var refused = await DeployAsync(space, Checkout.Sample("hello-c")!, "hello:v1", $"/{space}", "--kubeconfig", kubeconfig);

        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith($"wagi: you may not get wagimodules in namespace '{space}'", refused.Stderr, StringComparison.Ordinal);
        Assert.EndsWith($"kubectl auth can-i get wagimodules.wagi.dev --namespace {space}\n", refused.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FieldsThatOthersApplied_AreTakenOverOnlyWhenAskedTo()
    {
        var space = await System.CreateNamespaceAsync();
        (await System.ControlPlane.KubectlAsync(
            ["apply", "--server-side", "--field-manager=gitops", "-f", "-"],
            WagiModules.Manifest(space, "hello", $"route: /{space}", $"module: oci://{System.Registry.Address}/{space}/hello:v0"))).EnsureSuccess();

        var refused = await DeployAsync(space, Checkout.Sample("hello-c")!, "hello:v1", $"/{space}");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("conflict with \"gitops\"", refused.Stderr, StringComparison.Ordinal);
        Assert.EndsWith("; --force-conflicts takes the fields over\n", refused.Stderr, StringComparison.Ordinal);

        (await DeployAsync(space, Checkout.Sample("hello-c")!, "hello:v1", $"/{space}", "--force-conflicts")).EnsureSuccess();
    }

    [Fact]
    public async Task ClusterWithoutOperator_IsSaid()
    {
        await using var bare = await ControlPlane.StartAsync(Cancellation);

        var refused = await DeployAsync("default", Checkout.Sample("hello-c")!, "hello:v1", "/hello", "--kubeconfig", bare.KubeconfigPath);

        Assert.Equal(1, refused.ExitCode);
        Assert.StartsWith("wagi: WagiOperator is not installed in this cluster: helm install wagi charts/wagi-operator ", refused.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DryRun_PrintsWhatKubectlWouldApply()
    {
        var space = await System.CreateNamespaceAsync();
        await System.PushAsync(Checkout.Sample("hello-c")!, $"{space}/hello:v1");

        var printed = await DeployAsync(space, Checkout.Sample("hello-c")!, "hello:v1", $"/{space}", "--dry-run");

        await System.ControlPlane.ApplyAsync(printed.EnsureSuccess().Stdout, Cancellation);
        await System.Runtime.AnswerAsync($"/{space}", HttpStatusCode.OK, Cancellation);
    }

    private Task<CommandResult> DeployAsync(string space, string file, string repositoryAndTag, string route, params string[] more)
    {
        string[] kubeconfig = more.Contains("--kubeconfig") ? [] : ["--kubeconfig", System.ControlPlane.KubeconfigPath];
        return Command.RunAsync(
            Checkout.Wagi,
            ["deploy", file, $"{System.Registry.Address}/{space}/{repositoryAndTag}", "--route", route, "--namespace", space, .. kubeconfig, .. more],
            timeout: TimeSpan.FromMinutes(2));
    }
}
