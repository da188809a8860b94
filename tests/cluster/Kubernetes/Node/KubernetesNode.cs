using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Kubernetes.Node;

/// <summary>
/// A whole cluster with one node: control plane, controller manager, scheduler, containerd, kubelet, kube-proxy and a network for pods. The
/// node is in namespaces of its own, so that nothing of it stays and any number can run side by side. Services and pods can be reached from
/// this process at their addresses.
/// </summary>
public sealed class KubernetesNode : IAsyncDisposable
{
    /// <summary>The node's name.</summary>
    public const string Name = "wagi-node";

    private static readonly string[] Programs =
    [
        .. ControlPlane.Programs, "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", .. Containerd.Programs,
        "conntrack", "ip", "unshare", "nsenter", "setpriv",
    ];

    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly NodeSandbox _sandbox;
    private Containerd? _containerd;
    private NodeServer? _kubelet;

    private KubernetesNode(NodeSandbox sandbox)
    {
        _sandbox = sandbox;
        _parts.Push(sandbox);
    }

    /// <summary>Why this machine cannot run a node; null when it can.</summary>
    public static string? WhyMissing =>
        !OperatingSystem.IsLinux() ? "a node needs Linux"
        : !Environment.IsPrivilegedProcess ? "not root: a node needs namespaces, mounts and cgroups"
        : WhyProgramMissing ?? Containerd.WhyNoPlugins ?? PauseImage.WhyMissing ?? WhyOtherRelease;

    /// <summary>The API server, with <c>kubectl</c>.</summary>
    public ControlPlane ControlPlane { get; private set; } = null!;

    /// <summary>This machine's address as the node and its pods see it.</summary>
    public string HostAddress => _sandbox.Network.Host.ToString();

    /// <summary>What runs a program on the node, for a person: put it before <c>ctr -n k8s.io tasks list</c>.</summary>
    public string EnterCommand => _sandbox.EnterCommand;

    private static string? WhyProgramMissing => TestTools.WhyMissing(Programs) is { } reason ? $"{reason} --node" : null;

    /// <summary>A kubelet may not be newer than the API server, and not much older.</summary>
    private static string? WhyOtherRelease =>
        Path.GetDirectoryName(TestTools.Find("kubelet")) == Path.GetDirectoryName(TestTools.Find("kube-apiserver"))
            ? null
            : $"{TestTools.Find("kubelet")} need not fit {TestTools.Find("kube-apiserver")}: have both in one folder";

    /// <summary>Starts everything and returns when the node is Ready.</summary>
    /// <exception cref="TestToolFailedException">A part does not start; the message holds the end of its log.</exception>
    public static async Task<KubernetesNode> StartAsync(CancellationToken cancellationToken = default)
    {
        if (WhyMissing is { } reason) throw new FileNotFoundException(reason);
        var node = new KubernetesNode(await NodeSandbox.StartAsync(cancellationToken));
        try
        {
            await node.StartPartsAsync(cancellationToken);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where a pod can have a folder of the node (<c>hostPath</c>). Nothing is there: the kubelet makes it.</summary>
    public string PathOf(string name) => _sandbox.PathOf(name);

    /// <summary>Gives the node images: an archive as <c>docker save</c> or OCI tools write it.</summary>
    public Task ImportImageAsync(string archive, CancellationToken cancellationToken) => _containerd!.ImportAsync(archive, cancellationToken);

    /// <summary>Gives the node the image <c>registry:2</c>, made of this machine's registry: its own is not to be had without a network.</summary>
    public async Task ImportRegistryImageAsync(CancellationToken cancellationToken)
    {
        using var folder = new TempDirectory("registry-image");
        var archive = folder.PathOf("registry.tar");
        await RegistryImage.WriteAsync(archive, cancellationToken);
        await ImportImageAsync(archive, cancellationToken);
    }

    /// <summary>Runs a program on the node, as somebody who has logged in there.</summary>
    public Task<CommandResult> RunAsync(string program, IEnumerable<string> args, CancellationToken cancellationToken) =>
        _sandbox.RunAsync(program, args, cancellationToken);

    /// <summary>Runs <c>ctr</c> on the node, for the containers of Kubernetes.</summary>
    public Task<CommandResult> CtrAsync(IEnumerable<string> args, CancellationToken cancellationToken) => _containerd!.CtrAsync(args, cancellationToken);

    /// <summary>Kills the kubelet, and starts it again after <paramref name="between"/>; returns when it is healthy.</summary>
    public Task RestartKubeletAsync(Func<Task>? between = null, CancellationToken cancellationToken = default) =>
        _kubelet!.RestartAsync(between, cancellationToken);

    /// <summary>Ends everything; nothing stays on this machine.</summary>
    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out var part)) await part.DisposeAsync();
    }

    private async Task StartPartsAsync(CancellationToken cancellationToken)
    {
        var network = _sandbox.Network;
        var containerd = Containerd.StartAsync(_sandbox, cancellationToken);
        ControlPlane = await ControlPlane.StartAsync(
            new ControlPlaneNetwork(network.Host, network.ServiceRange, network.ServiceAddress), cancellationToken);
        _parts.Push(ControlPlane);
        _parts.Push(new ServiceNames(ControlPlane, network.Host));
        _containerd = await containerd;
        _parts.Push(_containerd);

        NodeServer[] servers = await Task.WhenAll(
            NodeServer.StartControllerManagerAsync(_sandbox, ControlPlane, cancellationToken),
            NodeServer.StartSchedulerAsync(_sandbox, ControlPlane, cancellationToken),
            NodeServer.StartProxyAsync(_sandbox, ControlPlane, cancellationToken),
            NodeServer.StartKubeletAsync(_sandbox, ControlPlane, cancellationToken));
        foreach (var server in servers) _parts.Push(server);
        _kubelet = servers[^1];

        string[] ready = ["wait", "--for=condition=Ready", "--timeout=1s", $"node/{Name}"];
        await Eventually.Passes(
            async token => (await ControlPlane.KubectlAsync(ready, null, cancellationToken: token)).EnsureSuccess(),
            TimeSpan.FromMinutes(2),
            cancellationToken,
            "the node is Ready");
    }
}
