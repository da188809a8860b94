using System.Diagnostics;
using System.Text.Json.Nodes;
using Wagi.Node.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Kubernetes.Node;
using Wagi.TestCluster.Product;

namespace Wagi.Node.Tests;

/// <summary>What dies, what goes on meanwhile, and how long until all is well again.</summary>
public sealed class RecoveryTests(NodeFixture fixture) : NodeTests(fixture)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    private string _space = "";
    private string _module = "";

    [Fact]
    public async Task KilledRuntime_IsStartedAgain_AndTheOtherServesMeanwhile()
    {
        await ServeAsync();
        var (container, process) = await RunningAsync(InstalledSystem.Runtime);

        var died = Stopwatch.GetTimestamp();
        await KillAsync(process);

        await AnswersAsync();
        await RecoversAsync("runtime_process", died, container);
    }

    [Fact]
    public async Task KilledOperator_IsStartedAgain_AndServesWhatWasAppliedMeanwhile()
    {
        await ServeAsync();
        var (_, process) = await RunningAsync(InstalledSystem.Operator);

        var died = Stopwatch.GetTimestamp();
        await KillAsync(process);
        await System.Modules.ApplyAsync(_space, "next", $"route: /{_space}/next", $"module: {_module}");

        await AnswersAsync();
        await AnswersAsync("/next");
        Recovered("operator_process", died);
    }

    [Fact]
    public async Task KilledShim_TakesItsPodOnly_WhichIsReplaced()
    {
        await ServeAsync();
        var (container, process) = await RunningAsync(InstalledSystem.Runtime);
        var parent = await System.Node.RunAsync("ps", ["-o", "ppid=", "-p", process], Cancellation);

        var died = Stopwatch.GetTimestamp();
        await KillAsync(parent.EnsureSuccess().Stdout.Trim());

        await AnswersAsync();
        await RecoversAsync("containerd_shim", died, container);
    }

    [Fact]
    public async Task RestartedKubelet_InterruptsNothing_AndBringsWhatWasAppliedMeanwhile()
    {
        await ServeAsync();
        var pods = await System.PodsAsync(InstalledSystem.Runtime);
        using var client = System.NewClient();
        await using var load = await Load.StartAsync(client, $"/{_space}");

        await System.Node.RestartKubeletAsync(
            () => System.Modules.ApplyAsync(_space, "next", $"route: /{_space}/next", $"module: {_module}"), Cancellation);
        var started = Stopwatch.GetTimestamp();
        await AnswersAsync("/next");
        Recovered("kubelet", started);

        Assert.Empty(await load.StopAsync());
        Assert.Equal(pods, await System.PodsAsync(InstalledSystem.Runtime));
    }

    [Fact]
    public async Task DrainedNode_KeepsTheLastRuntime_AndIsFullAgainWhenUncordoned()
    {
        await ServeAsync();
        using var client = System.NewClient();
        await using var load = await Load.StartAsync(client, $"/{_space}");
        try
        {
            // There is no other node: the disruption budget lets one runtime go, and holds the other until its replacement is ready.
            var drained = await System.ControlPlane.KubectlAsync(
                "drain", KubernetesNode.Name, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=15s", "--pod-selector",
                $"app.kubernetes.io/instance={InstalledSystem.Release}");
            Assert.Contains("Cannot evict pod as it would violate the pod's disruption budget", drained.Stderr, StringComparison.Ordinal);
            Assert.Equal(1, await ReadyRuntimesAsync());
        }
        finally
        {
            await System.KubectlAsync("uncordon", KubernetesNode.Name);
        }

        var uncordoned = Stopwatch.GetTimestamp();
        await System.RolledOutAsync();
        Recovered("drained_node", uncordoned);
        Assert.Empty(await load.StopAsync());
    }

    private async Task ServeAsync()
    {
        _space = await System.Modules.CreateNamespaceAsync();
        _module = await System.PushAsync(Checkout.Sample("hello-c")!, $"{_space}/hello:v1");
        await System.Modules.ApplyAsync(_space, "hello", $"route: /{_space}", $"module: {_module}");
        await System.Modules.WaitAsync(_space, "hello", "Ready");
    }

    /// <summary>Waits until the Service answers.</summary>
    private Task<string> AnswersAsync(string path = "") =>
        Eventually.Becomes(
            token => System.Client.GetStringAsync($"/{_space}{path}", token), body => body.StartsWith("Hello", StringComparison.Ordinal), Deadline, Cancellation);

    /// <summary>Waits until <paramref name="gone"/> is gone and as many runtimes are ready as before.</summary>
    private async Task RecoversAsync(string what, long died, string gone)
    {
        await Eventually.Becomes(
            async _ => (Ready: await ReadyRuntimesAsync(), Containers: await ContainersAsync(InstalledSystem.Runtime)),
            seen => seen.Ready == 2 && seen.Containers.Length == 2 && !seen.Containers.Contains(gone),
            Deadline,
            Cancellation);
        Recovered(what, died);
        await AnswersAsync();
    }

    private static void Recovered(string what, long since) =>
        Figures.Print($"recovery_s_{what}", Stopwatch.GetElapsedTime(since).TotalSeconds, "s");

    private async Task<int> ReadyRuntimesAsync()
    {
        var addresses = await System.KubectlAsync(
            "get", "endpoints", InstalledSystem.Runtime, "-n", InstalledSystem.Namespace, "-o", "jsonpath={.subsets[*].addresses[*].ip}");
        return addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
    }

    /// <summary>A container that runs, and its process. The API server still names those of a pod that has just ended, such as of an earlier rollout.</summary>
    private async Task<(string Container, string Process)> RunningAsync(string deployment)
    {
        var containers = await ContainersAsync(deployment);
        var tasks = (await System.Node.CtrAsync(["tasks", "list"], Cancellation)).EnsureSuccess().Stdout.Split('\n');
        return containers
            .Select(container => (container, tasks.FirstOrDefault(task => task.StartsWith(container, StringComparison.Ordinal))))
            .Where(found => found.Item2 is not null)
            .Select(found => (found.container, found.Item2!.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]))
            .First();
    }

    /// <summary>The running containers of pods that are to stay, by containerd's names.</summary>
    private async Task<string[]> ContainersAsync(string deployment)
    {
        var pods = JsonNode.Parse(await System.KubectlAsync(
            "get", "pods", "-n", InstalledSystem.Namespace, "-l", $"app.kubernetes.io/component={deployment[(InstalledSystem.Release.Length + 1)..]}", "-o", "json"))!;
        return
        [
            .. pods["items"]!.AsArray().Where(pod => pod!["metadata"]!["deletionTimestamp"] is null)
                .SelectMany(pod => pod!["status"]!["containerStatuses"]?.AsArray() ?? [])
                .Where(status => status!["state"]!["running"] is not null)
                .Select(status => ((string)status!["containerID"]!)["containerd://".Length..]),
        ];
    }

    private async Task KillAsync(string process) =>
        (await System.Node.RunAsync("kill", ["-KILL", process], Cancellation)).EnsureSuccess();
}
