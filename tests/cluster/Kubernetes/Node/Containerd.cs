using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Kubernetes.Node;

/// <summary>containerd with the CNI plugins of this machine, for one node.</summary>
internal sealed class Containerd : IAsyncDisposable
{
    /// <summary>What this machine needs besides.</summary>
    public static readonly string[] Programs = ["containerd", "containerd-shim-runc-v2", "ctr", "runc", "iptables"];

    /// <summary>Where kubelets find it; on the node.</summary>
    public const string Socket = "/run/containerd/containerd.sock";

    private const string Namespace = "k8s.io";

    /// <summary>Where distributions put the CNI plugins: Debian, then most others.</summary>
    private static readonly string[] PluginFolders = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

    private readonly NodeSandbox _node;
    private ServerProcess? _process;

    private Containerd(NodeSandbox node) => _node = node;

    /// <summary>Why there are no CNI plugins, or null.</summary>
    public static string? WhyNoPlugins =>
        PluginFolder is null ? $"the CNI plugins ptp, host-local and portmap are not in {string.Join(", ", PluginFolders)}: run tests/cluster/install --node" : null;

    private static string? PluginFolder =>
        PluginFolders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "ptp")) && File.Exists(Path.Combine(folder, "portmap")));

    /// <summary>Starts it and imports the pause image.</summary>
    public static async Task<Containerd> StartAsync(NodeSandbox node, CancellationToken cancellationToken)
    {
        var containerd = new Containerd(node);
        try
        {
            await containerd.StartAsync(cancellationToken);
            var archive = node.PathOf("pause.tar");
            await PauseImage.WriteAsync(node.PathOf("pause"), archive, cancellationToken);
            await containerd.ImportAsync(archive, cancellationToken);
            return containerd;
        }
        catch
        {
            await containerd.DisposeAsync();
            throw;
        }
    }

    /// <summary>Imports an archive as <c>docker save</c> or OCI tools write it.</summary>
    public async Task ImportAsync(string archive, CancellationToken cancellationToken) =>
        (await CtrAsync(["images", "import", archive], cancellationToken)).EnsureSuccess();

    /// <summary>Runs <c>ctr</c> on the node, in the namespace of Kubernetes.</summary>
    public Task<CommandResult> CtrAsync(IEnumerable<string> args, CancellationToken cancellationToken) =>
        _node.RunAsync("ctr", ["--address", Socket, "--namespace", Namespace, .. args], cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(_node.PathOf("cni"));
        _node.Write(
            "cni/10-node.conflist",
            $$"""
            {
              "cniVersion": "0.4.0",
              "name": "wagi-node",
              "plugins": [
                {
                  "type": "ptp",
                  "ipam": {
                    "type": "host-local",
                    "ranges": [[{ "subnet": "{{_node.Network.PodRange}}" }]],
                    "routes": [{ "dst": "0.0.0.0/0" }],
                    "dataDir": "/run/cni"
                  }
                },
                { "type": "portmap", "capabilities": { "portMappings": true } }
              ]
            }
            """);
        var configuration = _node.Write(
            "containerd.toml",
            $"""
            version = 2
            root = "{_node.PathOf("containerd")}"
            state = "/run/containerd"
            [grpc]
            address = "{Socket}"
            [plugins."io.containerd.grpc.v1.cri"]
            sandbox_image = "{PauseImage.Reference}"
            # In a container or a sandbox this process may not lower its children's.
            restrict_oom_score_adj = true
            [plugins."io.containerd.grpc.v1.cri".cni]
            bin_dir = "{PluginFolder}"
            conf_dir = "{_node.PathOf("cni")}"
            """);
        _process = await _node.StartServerAsync("containerd", ["--config", configuration], AnswersAsync, cancellationToken);

        async Task<bool> AnswersAsync(CancellationToken token) => (await CtrAsync(["version"], token)).ExitCode == 0;
    }
}
