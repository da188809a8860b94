using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Kubernetes.Node;

/// <summary>containerd, of the first or the second generation, with the CNI plugins of this machine, for one node.</summary>
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
              "cniVersion": "1.0.0",
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
        var defaults = (await _node.RunAsync("containerd", ["config", "default"], cancellationToken)).EnsureSuccess().Stdout;
        var configuration = _node.Write("containerd.toml", Configuration(defaults));
        _process = await _node.StartServerAsync("containerd", ["--config", configuration], AnswersAsync, cancellationToken);

        // It also answers when its part for kubelets has refused the configuration.
        var plugins = (await CtrAsync(["plugins", "list"], cancellationToken)).EnsureSuccess().Stdout;
        if (!plugins.Split('\n').Any(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["io.containerd.grpc.v1", "cri", .., "ok"]))
            throw new TestToolFailedException($"containerd does not serve kubelets:\n{plugins}\n{await File.ReadAllTextAsync(_node.PathOf("containerd.log"), cancellationToken)}");

        async Task<bool> AnswersAsync(CancellationToken token) => (await CtrAsync(["version"], token)).ExitCode == 0;
    }

    /// <param name="defaults">What <c>containerd config default</c> prints: which keys there are differs between releases.</param>
    private string Configuration(string defaults)
    {
        var all = $"""
            root = "{_node.PathOf("containerd")}"
            state = "/run/containerd"
            [grpc]
            address = "{Socket}"
            # Not in a folder of the machine.
            [plugins."io.containerd.internal.v1.opt"]
            path = "{_node.PathOf("containerd-opt")}"
            """;
        var network = $"""
            {(defaults.Contains("bin_dirs", StringComparison.Ordinal) ? $"bin_dirs = [\"{PluginFolder}\"]" : $"bin_dir = \"{PluginFolder}\"")}
            conf_dir = "{_node.PathOf("cni")}"
            """;

        // restrict_oom_score_adj: in a container or a sandbox this process may not lower its children's.
        return defaults.Contains("io.containerd.cri.v1.runtime", StringComparison.Ordinal)
            ? $"""
                version = 3
                {all}
                # It would read plugins of the machine.
                [plugins."io.containerd.nri.v1.nri"]
                disable = true
                [plugins."io.containerd.cri.v1.images".pinned_images]
                sandbox = "{PauseImage.Reference}"
                [plugins."io.containerd.cri.v1.runtime"]
                restrict_oom_score_adj = true
                [plugins."io.containerd.cri.v1.runtime".cni]
                {network}
                """
            : $"""
                version = 2
                {all}
                [plugins."io.containerd.grpc.v1.cri"]
                sandbox_image = "{PauseImage.Reference}"
                restrict_oom_score_adj = true
                [plugins."io.containerd.grpc.v1.cri".cni]
                {network}
                """;
    }
}
