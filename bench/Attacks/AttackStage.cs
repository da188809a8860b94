using System.Net;
using Wagi.Bench.Servers;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Attacks;

/// <summary>A runtime with a neighbour's module and the modules of an attacker, each in a namespace of its own.</summary>
internal sealed class AttackStage : IAsyncDisposable
{
    /// <summary>Where the neighbour's module answers.</summary>
    public const string NeighbourPath = "/neighbour";

    private readonly TempDirectory _directory = new("attack");

    private AttackStage()
    {
    }

    public RuntimeProcess Runtime { get; private set; } = null!;

    /// <summary>The runtime with the neighbour's module alone, and the attacker's that exist from the beginning.</summary>
    public static async Task<AttackStage> StartAsync()
    {
        if (!File.Exists(Checkout.Wagi))
        {
            throw new CannotMeasureException("the programs are not published: run 'make publish'");
        }

        var stage = new AttackStage();
        stage.Write([]);
        stage.Runtime = await RuntimeProcess.StartAsync(
            stage._directory.PathOf("modules.toml"), stage._directory.PathOf("cache"), secrets: null, CancellationToken.None);
        foreach (var module in AttackModules.All)
        {
            await stage.Runtime.ModuleAsync($"attacker/{module.Name}", status => status.State == Modules.Status.ModuleState.Ready, CancellationToken.None);
        }

        await stage.Runtime.AnswerAsync(NeighbourPath, HttpStatusCode.OK, CancellationToken.None);
        return stage;
    }

    /// <summary>Where a module of the attacker answers.</summary>
    public Uri Url(string module) => new(Runtime.Client.BaseAddress!, $"/{module}");

    /// <summary>Adds modules of the attacker, as a WagiModule that is applied does.</summary>
    public void Add(IEnumerable<(string Name, byte[] Wasm)> modules) => Write([.. modules]);

    private void Write(IReadOnlyList<(string Name, byte[] Wasm)> more)
    {
        var toml = new StringWriter();
        Entry("neighbour/hello", NeighbourPath, ServedSamples.HelloInC);
        foreach (var (name, text) in AttackModules.All)
        {
            Entry($"attacker/{name}", $"/{name}", text is null ? ServedSamples.Find($"{name}-c") : _directory.Write($"{name}.wat", text));
        }

        foreach (var (name, wasm) in more)
        {
            File.WriteAllBytes(_directory.PathOf($"{name}.wasm"), wasm);
            Entry($"attacker/{name}", $"/{name}", _directory.PathOf($"{name}.wasm"));
        }

        _directory.Write("modules.toml", toml.ToString());

        void Entry(string id, string route, string module) =>
            toml.Write($"[[module]]\nid = \"{id}\"\nroute = \"{route}\"\nmodule = \"{module}\"\ntimeout = \"10s\"\n\n");
    }

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        _directory.Dispose();
    }
}
