using System.Diagnostics;
using Wagi.TestCluster.Kubernetes.Node;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Tests.Kubernetes.Node;

/// <summary>What a node leaves on the machine: nothing, however it ended.</summary>
public sealed class KubernetesNodeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DisposedNode_LeavesTheMachineAsItWas()
    {
        if (KubernetesNode.WhyMissing is { } reason) Assert.Skip(reason);
        var before = await MachineAsync();
        string left;
        await using (var started = await KubernetesNode.StartAsync(Cancel))
        {
            // Something of everything: a pod has mounts, a cgroup, a network namespace and a shim, a service has iptables rules.
            await started.ControlPlane.ApplyAsync(
                """
                ---
                { apiVersion: v1, kind: Pod, metadata: { name: pause, labels: { app: pause } }, spec: { containers: [
                  { name: pause, image: "wagi.test/pause:1", imagePullPolicy: Never, volumeMounts: [{ name: tmp, mountPath: /tmp }] }],
                  volumes: [{ name: tmp, emptyDir: { medium: Memory } }] } }
                ---
                { apiVersion: v1, kind: Service, metadata: { name: pause }, spec: { selector: { app: pause }, ports: [{ port: 80 }] } }
                """,
                Cancel);
            (await started.ControlPlane.KubectlAsync("wait", "--for=condition=Ready", "--timeout=50s", "pod/pause")).EnsureSuccess();
            left = await TracesAsync(started.EnterCommand);
            Assert.Contains("/pause", (await RunAsync(left)).Stdout, StringComparison.Ordinal);
        }

        Assert.Equal("", (await RunAsync(left)).Stdout);
        Assert.Equal(before, await MachineAsync());
    }

    [Fact]
    public async Task NodeOfAKilledProgram_LeavesTheMachineAsItWas()
    {
        if (KubernetesNode.WhyMissing is { } reason) Assert.Skip(reason);
        var before = await MachineAsync();
        using var up = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "wagi-test-cluster"), ["up", "--node"])
        {
            RedirectStandardOutput = true,
        })!;
        string left;
        try
        {
            var kubeconfig = await ReadAsync(up.StandardOutput, "export KUBECONFIG=");
            left = await TracesAsync(await ReadAsync(up.StandardOutput, "alias on-node="));
            Assert.Contains("kubelet", (await RunAsync(left)).Stdout, StringComparison.Ordinal);
            var nodes = await Command.RunAsync("kubectl", ["--kubeconfig", kubeconfig, "get", "nodes"], cancellationToken: Cancel);
            Assert.Contains("wagi-node   Ready", nodes.Stdout, StringComparison.Ordinal);
        }
        finally
        {
            up.Kill();
        }

        await Eventually.Passes(async _ => Assert.Equal("", (await RunAsync(left)).Stdout), cancellationToken: Cancel);
        Assert.Equal(before, await MachineAsync());
    }

    [Fact]
    public async Task NameThatACgroupHas_IsTaken()
    {
        if (KubernetesNode.WhyMissing is { } reason) Assert.Skip(reason);
        const string name = "wagi-nodex";
        using var folder = new TempDirectory("node");
        var hierarchies = (await RunAsync("find /sys/fs/cgroup -maxdepth 2 -name cgroup.procs -printf '%h\n'")).Stdout
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // The last: what was made in the others before it is found must go again.
        var taken = Path.Combine(hierarchies[^1], name);
        Directory.CreateDirectory(taken);
        try
        {
            var refused = await Command.RunAsync(
                Path.Combine(AppContext.BaseDirectory, "node-sandbox"),
                [folder.FullPath, name, "198.19.255.1", "198.19.255.2", "24", "--", "/bin/true"],
                cancellationToken: Cancel);
            Assert.Equal(3, refused.ExitCode);
            Assert.Equal("", refused.Stderr);
            Assert.Equal($"{taken}\n", (await RunAsync($"find /sys/fs/cgroup -maxdepth 2 -name {name}")).Stdout);
            Assert.Equal("", (await RunAsync($"ip -oneline link show {name} 2>/dev/null")).Stdout);
        }
        finally
        {
            Directory.Delete(taken);
        }
    }

    private static async Task<string> ReadAsync(StreamReader output, string start)
    {
        while (true)
        {
            var line = await output.ReadLineAsync(Cancel) ?? throw new InvalidOperationException("the program ended early");
            if (line.StartsWith(start, StringComparison.Ordinal)) return line[start.Length..];
        }
    }

    /// <summary>What any node could change on this machine; what belongs to one node alone is in <see cref="TracesAsync"/>.</summary>
    private static async Task<string> MachineAsync() =>
        (await RunAsync(
            """
            findmnt --list --noheadings --output TARGET,FSTYPE
            ip netns list
            iptables-save | grep -v '^#'
            cd /proc/sys && head vm/overcommit_memory kernel/panic kernel/panic_on_oops net/ipv4/ip_forward
            ls -d /var/lib/cni /var/lib/kubelet /var/log/pods /run/containerd /run/netns 2>&1
            """)).ToString();

    /// <summary>
    /// A script that lists what there is of a node, and other nodes have not: network interface, routes, cgroups, and the processes in its
    /// process namespace.
    /// </summary>
    /// <param name="enterCommand">The node's, which names its first process.</param>
    private static async Task<string> TracesAsync(string enterCommand)
    {
        var first = enterCommand.Split("--target ")[1].Split(' ')[0];
        var found = await RunAsync(
            $$"""
            readlink /proc/{{first}}/ns/pid
            gateway=$(nsenter --target {{first}} --net -- ip route | awk '$1 == "default" { print $3 }')
            ip -oneline address | grep -F " $gateway/" | awk '{ print $2 }'
            """);
        var (space, link) = found.EnsureSuccess().Stdout.Split('\n') is [var line, var next, ..] ? (line, next) : default;
        Assert.StartsWith("wagi-node", link, StringComparison.Ordinal);
        return
            $"""
            ip -oneline link show {link} 2>/dev/null
            ip route | grep -w {link}
            find /sys/fs/cgroup -maxdepth 2 -name {link}
            for process in /proc/[0-9]*; do
              [ "$(readlink $process/ns/pid)" != "{space}" ] || tr '\\0' ' ' <$process/cmdline
            done
            """;
    }

    private static Task<CommandResult> RunAsync(string script) => Command.RunAsync("sh", ["-c", script], cancellationToken: Cancel);
}
