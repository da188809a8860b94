using System.Diagnostics;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Kubernetes.Node;

/// <summary>
/// The namespaces of a node (mounts, network, processes), in a folder of its own: <c>tests/cluster/node-sandbox</c>. They end with
/// everything in them when this is disposed, and when this process ends in any way.
/// </summary>
internal sealed class NodeSandbox : IAsyncDisposable
{
    private const int NameIsTaken = 3;

    private readonly TempDirectory _directory = new("node");
    private Process? _guard;
    private string _init = "";

    private NodeSandbox() => Network = new NodeNetwork(Random.Shared.Next(NodeNetwork.Slots));

    /// <summary>Addresses.</summary>
    public NodeNetwork Network { get; private set; }

    /// <summary>The cgroup below which everything on the node is.</summary>
    public string Cgroup => $"/{Network.Name}";

    /// <summary>What runs a program on the node, for a person.</summary>
    public string EnterCommand => $"nsenter --target {_init} --mount --net --pid --";

    /// <summary>A file or folder of the node, at the same place inside and outside.</summary>
    public string PathOf(string name) => _directory.PathOf(name);

    /// <summary>Writes a file of the node and returns its path.</summary>
    public string Write(string name, string content) => _directory.Write(name, content);

    /// <summary>Makes the namespaces, with <c>pause</c> as their first process.</summary>
    /// <exception cref="TestToolFailedException">This machine does not let us; the message says what was refused.</exception>
    public static async Task<NodeSandbox> StartAsync(CancellationToken cancellationToken)
    {
        var sandbox = new NodeSandbox();
        try
        {
            var pause = await PauseImage.CompileAsync(sandbox.PathOf("pause"), cancellationToken);
            for (var attempt = 0; !await sandbox.TryStartAsync(pause, cancellationToken); attempt++)
            {
                if (attempt == NodeNetwork.Slots) throw new TestToolFailedException("all networks for nodes are taken: see `ip link`");
                sandbox.Network = new NodeNetwork((sandbox.Network.Slot + 1) % NodeNetwork.Slots);
            }

            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a program on the node.</summary>
    public Task<CommandResult> RunAsync(string program, IEnumerable<string> args, CancellationToken cancellationToken) =>
        Command.RunAsync("nsenter", Enter(program, args), cancellationToken: cancellationToken);

    /// <summary>Starts a server on the node and returns when it answers.</summary>
    public async Task<ServerProcess> StartServerAsync(
        string program, IEnumerable<string> args, Func<CancellationToken, Task<bool>> answers, CancellationToken cancellationToken)
    {
        while (true)
        {
            // An address may be in use for a moment: by the same server, that has just been killed.
            var server = await ServerProcess.TryStartAsync(
                "nsenter", Enter(program, args), PathOf($"{program}.log"), answers, cancellationToken);
            if (server is not null) return server;
        }
    }

    /// <summary>Ends everything on the node, and removes what the machine saw of it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_guard is not null)
        {
            using (_guard)
            {
                _guard.StandardInput.Close();
                await _guard.WaitForExitAsync(CancellationToken.None);
            }
        }

        _directory.Dispose();
    }

    /// <returns>False when another node has the name.</returns>
    private async Task<bool> TryStartAsync(string init, CancellationToken cancellationToken)
    {
        // Not a ChildProcess, which dies with this one: it cleans up after us.
        _guard = Process.Start(new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "node-sandbox"),
            [
                _directory.FullPath, Network.Name, $"{Network.Host}", $"{Network.Node}", $"{NodeNetwork.PrefixLength}",
                Network.PodRange, Network.ServiceRange, "--", init,
            ])
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        if (await _guard.StandardOutput.ReadLineAsync(cancellationToken) is { } ready)
        {
            _init = ready;
            return true;
        }

        using var failed = _guard;
        _guard = null;
        var said = await failed.StandardError.ReadToEndAsync(cancellationToken);
        await failed.WaitForExitAsync(cancellationToken);
        return failed.ExitCode == NameIsTaken ? false : throw new TestToolFailedException($"the node's namespaces cannot be made:\n{said}");
    }

    // setpriv, because nsenter does not turn into the program that it starts there: the program goes with it.
    private string[] Enter(string program, IEnumerable<string> args) =>
    [
        "--target", _init, "--mount", "--net", "--pid", "--",
        TestTools.Require("setpriv"), "--pdeathsig", "KILL", "--",
        // A server starts others by their names (containerd its shim, the shim runc): those that belong to it.
        TestTools.Require("env"), $"PATH={TestTools.SearchPath}", TestTools.Require(program), .. args,
    ];
}
