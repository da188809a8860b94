using Wagi.EndToEnd.Harness;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary><c>kubectl wagi</c>: the program under the name by which kubectl finds it.</summary>
public sealed class KubectlPluginTests : WholeSystemTests, IDisposable
{
    private readonly TempDirectory _folder = new("plugin");

    public KubectlPluginTests(WholeSystemFixture fixture)
        : base(fixture) => File.CreateSymbolicLink(_folder.PathOf("kubectl-wagi"), Checkout.Wagi);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Plugin_DeploysAndShows_WhatIsServedAndWhatIsNot()
    {
        var space = await System.CreateNamespaceAsync();
        var reference = $"{System.Registry.Address}/{space}/hello:v1";
        (await KubectlAsync("deploy", Checkout.Sample("hello-c")!, reference, "--route", $"/{space}/...", "-n", space)).EnsureSuccess();
        var refused = await KubectlAsync("deploy", Checkout.Sample("hello-c")!, reference, "--route", $"/{space}/...", "-n", space, "--name", "second");
        Assert.Contains($"kubectl-wagi: {space}/second is not ready: {ModuleReason.RouteConflict}: ", refused.Stderr, StringComparison.Ordinal);

        var status = (await KubectlAsync("status", "-n", space)).EnsureSuccess().Stdout.Split('\n');
        Assert.Equal(["hello", $"/{space}/...", "True", "all", "Ready"], Cells(status[1]));
        Assert.Equal(["second", $"/{space}/...", "False", "none", ModuleReason.RouteConflict], Cells(status[2]));

        var routes = (await KubectlAsync("routes")).EnsureSuccess().Stdout.Split('\n');
        Assert.Equal(["*", $"/{space}/...", $"{space}/hello", "True", "-"], Cells(Assert.Single(routes, line => line.Contains(space, StringComparison.Ordinal))));

        var why = (await KubectlAsync("why", "second", "-n", space)).EnsureSuccess().Stdout;
        Assert.StartsWith($"{space}/second is not ready: /{space}/... → oci://{reference}", why, StringComparison.Ordinal);
        Assert.Contains($"\nAccepted: False, {ModuleReason.RouteConflict}, for ", why, StringComparison.Ordinal);
        Assert.Contains("What to do: Another WagiModule has the route", why, StringComparison.Ordinal);
        Assert.Contains($"ago: Warning {ModuleReason.RouteConflict}: ", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plugin_ShowsTheClustersCommandsOnly()
    {
        var refused = await KubectlAsync("serve");

        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith("kubectl-wagi: 'serve' is not a command", refused.Stderr, StringComparison.Ordinal);
    }

    private static string[] Cells(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private Task<CommandResult> KubectlAsync(params string[] arguments) => Command.RunAsync(
        "kubectl",
        ["wagi", .. arguments],
        new Dictionary<string, string?>
        {
            ["PATH"] = $"{_folder.FullPath}:{Environment.GetEnvironmentVariable("PATH")}",
            ["KUBECONFIG"] = System.ControlPlane.KubeconfigPath,
        });
}
