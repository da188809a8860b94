using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Kubernetes.Node;

/// <summary>A part of Kubernetes on a node that answers <c>/healthz</c>; can be restarted.</summary>
internal sealed class NodeServer : IAsyncDisposable
{
    private static readonly Version RuntimeInConfiguration = new(1, 27);
    private static readonly Version CgroupV1IsChecked = new(1, 31);

    private readonly NodeSandbox _node;
    private readonly ControlPlane _controlPlane;
    private readonly string _program;
    private readonly string[] _args;
    private readonly Uri _health;
    private ServerProcess? _process;

    private NodeServer(NodeSandbox node, ControlPlane controlPlane, string program, string[] args, Uri health)
    {
        _node = node;
        _controlPlane = controlPlane;
        _program = program;
        _args = args;
        _health = health;
    }

    /// <summary>The controller manager, with its default set of controllers.</summary>
    public static async Task<NodeServer> StartControllerManagerAsync(NodeSandbox node, ControlPlane controlPlane, CancellationToken cancellationToken) =>
        await StartAsync(
            node,
            controlPlane,
            "kube-controller-manager",
            [
                $"--kubeconfig={await controlPlane.CreateUserKubeconfigAsync("system:kube-controller-manager")}",
                "--use-service-account-credentials",
                .. controlPlane.WouldMakeTokenSecrets ? ["--controllers=*,-serviceaccount-token"] : Array.Empty<string>(),
                "--leader-elect=false",
                $"--root-ca-file={controlPlane.AuthorityPath}",
                $"--service-account-private-key-file={controlPlane.ServiceAccountKeyPath}",
                .. Certificate(node, controlPlane, "kube-controller-manager"),
            ],
            new Uri($"https://{node.Network.Node}:10257/healthz"),
            cancellationToken);

    /// <summary>The scheduler.</summary>
    public static async Task<NodeServer> StartSchedulerAsync(NodeSandbox node, ControlPlane controlPlane, CancellationToken cancellationToken)
    {
        var kubeconfig = await controlPlane.CreateUserKubeconfigAsync("system:kube-scheduler");
        return await StartAsync(
            node,
            controlPlane,
            "kube-scheduler",
            [$"--kubeconfig={kubeconfig}", "--leader-elect=false", .. Certificate(node, controlPlane, "kube-scheduler")],
            new Uri($"https://{node.Network.Node}:10259/healthz"),
            cancellationToken);
    }

    /// <summary>kube-proxy, in iptables mode.</summary>
    public static async Task<NodeServer> StartProxyAsync(NodeSandbox node, ControlPlane controlPlane, CancellationToken cancellationToken) =>
        await StartAsync(
            node,
            controlPlane,
            "kube-proxy",
            [
                $"--kubeconfig={await controlPlane.CreateUserKubeconfigAsync("system:kube-proxy")}",
                $"--hostname-override={KubernetesNode.Name}",
                "--proxy-mode=iptables",
                $"--cluster-cidr={node.Network.PodRange}",
                // The table of connections is the machine's, and its size not ours to set: current releases end when they cannot.
                "--conntrack-max-per-core=0",
                "--oom-score-adj=0",
                "--healthz-bind-address=0.0.0.0:10256",
            ],
            new Uri($"http://{node.Network.Node}:10256/healthz"),
            cancellationToken);

    /// <summary>The kubelet.</summary>
    public static async Task<NodeServer> StartKubeletAsync(NodeSandbox node, ControlPlane controlPlane, CancellationToken cancellationToken)
    {
        var certificate = controlPlane.IssueServer(KubernetesNode.Name, node.Network.Node);
        var configuration = node.Write(
            "kubelet.yaml",
            $$"""
            apiVersion: kubelet.config.k8s.io/v1beta1
            kind: KubeletConfiguration
            authentication:
              x509: { clientCAFile: "{{controlPlane.AuthorityPath}}" }
              anonymous: { enabled: false }
              webhook: { enabled: false }
            authorization: { mode: AlwaysAllow }
            tlsCertFile: "{{node.Write("kubelet.pem", certificate.CertificatePem)}}"
            tlsPrivateKeyFile: "{{node.Write("kubelet.key", certificate.PrivateKeyPem)}}"
            healthzBindAddress: 0.0.0.0
            clusterDomain: {{ServiceNames.ClusterDomain}}
            clusterDNS: ["{{node.Network.Host}}"]
            # Nothing of this machine's own names.
            resolvConf: "{{node.Write("resolv.conf", "")}}"
            cgroupDriver: cgroupfs
            cgroupRoot: {{node.Cgroup}}
            failSwapOn: false
            oomScoreAdj: 0
            # A full disk of this machine is not the test's subject.
            evictionHard: { nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 0% }
            imageGCHighThresholdPercent: 100
            volumePluginDir: "{{node.PathOf("volume-plugins")}}"
            serializeImagePulls: false
            {{Settings(controlPlane.ServerVersion)}}
            """);
        return await StartAsync(
            node,
            controlPlane,
            "kubelet",
            [
                $"--config={configuration}",
                $"--kubeconfig={await controlPlane.CreateUserKubeconfigAsync($"system:node:{KubernetesNode.Name}", "system:nodes")}",
                $"--hostname-override={KubernetesNode.Name}",
                $"--node-ip={node.Network.Node}",
                $"--root-dir={node.PathOf("kubelet")}",
                $"--cert-dir={node.PathOf("kubelet-certificates")}",
                .. Flags(controlPlane.ServerVersion),
            ],
            new Uri($"http://{node.Network.Node}:10248/healthz"),
            cancellationToken);
    }

    /// <summary>Settings of a kubelet that not every release knows, or takes only here.</summary>
    private static string Settings(Version release)
    {
        var settings = new List<string>();
        if (release >= RuntimeInConfiguration) settings.Add($"containerRuntimeEndpoint: unix://{Containerd.Socket}");
        // From 1.35 on a kubelet refuses machines with cgroups of version 1 unless it is told not to.
        if (release >= CgroupV1IsChecked) settings.Add("failCgroupV1: false");
        return string.Join('\n', settings);
    }

    /// <summary>The same for what older releases take as flags only.</summary>
    private static string[] Flags(Version release) =>
        release >= RuntimeInConfiguration ? [] : ["--container-runtime=remote", $"--container-runtime-endpoint=unix://{Containerd.Socket}"];

    /// <summary>Kills it, and starts it again after <paramref name="between"/>; returns when it is healthy.</summary>
    public async Task RestartAsync(Func<Task>? between, CancellationToken cancellationToken)
    {
        await DisposeAsync();
        if (between is not null) await between();
        await StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _process = null;
    }

    private static async Task<NodeServer> StartAsync(
        NodeSandbox node, ControlPlane controlPlane, string program, string[] args, Uri health, CancellationToken cancellationToken)
    {
        var server = new NodeServer(node, controlPlane, program, args, health);
        await server.StartAsync(cancellationToken);
        return server;
    }

    private async Task StartAsync(CancellationToken cancellationToken) =>
        _process = await _node.StartServerAsync(_program, _args, token => _controlPlane.IsOkAsync(_health, token), cancellationToken);

    /// <summary>Arguments of a server that is to have a certificate of the cluster.</summary>
    private static string[] Certificate(NodeSandbox node, ControlPlane controlPlane, string program)
    {
        var certificate = controlPlane.IssueServer(program, node.Network.Node);
        return
        [
            $"--tls-cert-file={node.Write($"{program}.pem", certificate.CertificatePem)}",
            $"--tls-private-key-file={node.Write($"{program}.key", certificate.PrivateKeyPem)}",
        ];
    }
}
