using System.Text.Json.Nodes;
using Wagi.Node.Tests.Cluster;

namespace Wagi.Node.Tests;

/// <summary>How the pods are fenced in.</summary>
public sealed class PolicyTests(NodeFixture fixture) : NodeTests(fixture)
{
    [Fact]
    public async Task Container_RunsWithoutRights()
    {
        foreach (var deployment in new[] { InstalledSystem.Runtime, InstalledSystem.Operator })
        {
            var pod = (await System.PodsAsync(deployment))[0];
            var container = await System.KubectlAsync(
                "get", "pod", pod, "-n", InstalledSystem.Namespace, "-o", "jsonpath={.status.containerStatuses[0].containerID}");
            var tasks = (await System.Node.CtrAsync(["tasks", "list"], Cancellation)).EnsureSuccess().Stdout.Split('\n');
            var process = tasks.Single(line => line.StartsWith(container["containerd://".Length..], StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];

            // What the kernel holds the process to, not what the manifest says.
            var status = (await System.Node.RunAsync("cat", [$"/proc/{process}/status"], Cancellation)).EnsureSuccess().Stdout;
            Assert.Contains("Uid:\t1654\t1654\t1654\t1654\n", status, StringComparison.Ordinal);
            Assert.Contains("CapEff:\t0000000000000000\n", status, StringComparison.Ordinal);
            Assert.Contains("CapBnd:\t0000000000000000\n", status, StringComparison.Ordinal);
            Assert.Contains("NoNewPrivs:\t1\n", status, StringComparison.Ordinal);
            Assert.Contains("Seccomp:\t2\n", status, StringComparison.Ordinal);
            var mounts = (await System.Node.RunAsync("cat", [$"/proc/{process}/mounts"], Cancellation)).EnsureSuccess().Stdout;
            Assert.Contains(" / overlay ro,", mounts, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task NetworkPolicy_NamesThePodsThatRun_Rendered_EnforcementNeedsACniThatThisMachineLacks()
    {
        var policy = await GetAsync("networkpolicy", InstalledSystem.Runtime);
        var admin = Assert.Single(policy["spec"]!["ingress"]!.AsArray(), rule => (string?)rule!["ports"]![0]!["port"] == "admin")!;
        var allowed = admin["from"]!.AsArray().Where(peer => peer!["namespaceSelector"] is null).Select(peer => SelectorOf(peer!["podSelector"]!)).ToList();

        // As the API server selects by it: the policy is for the runtimes, and lets the operator and the runtimes reach the admin port.
        Assert.Equal(await System.PodsAsync(InstalledSystem.Runtime), await SelectAsync(SelectorOf(policy["spec"]!["podSelector"]!)));
        var peers = await Task.WhenAll(allowed.Select(SelectAsync));
        Assert.Equal(
            [.. await System.PodsAsync(InstalledSystem.Operator), .. await System.PodsAsync(InstalledSystem.Runtime)], peers.SelectMany(pods => pods).Order());

        // "admin" is a port of these pods.
        var pod = await GetAsync("pod", (await System.PodsAsync(InstalledSystem.Runtime))[0]);
        var port = Assert.Single(pod["spec"]!["containers"]![0]!["ports"]!.AsArray(), port => (string?)port!["name"] == "admin")!;
        Assert.Equal(8081, (int)port["containerPort"]!);
    }

    private async Task<JsonNode> GetAsync(string kind, string name) =>
        JsonNode.Parse(await System.KubectlAsync("get", kind, name, "-n", InstalledSystem.Namespace, "-o", "json"))!;

    private static string SelectorOf(JsonNode selector) =>
        string.Join(',', selector["matchLabels"]!.AsObject().Select(label => $"{label.Key}={label.Value}"));

    /// <summary>Which of our pods are selected, without those of an earlier test that are on their way out.</summary>
    private async Task<IEnumerable<string>> SelectAsync(string selector)
    {
        string[] running = [.. await System.PodsAsync(InstalledSystem.Operator), .. await System.PodsAsync(InstalledSystem.Runtime)];
        var names = await System.KubectlAsync("get", "pods", "-n", InstalledSystem.Namespace, "-l", selector, "-o", "jsonpath={.items[*].metadata.name}");
        return names.Split(' ').Intersect(running);
    }
}
