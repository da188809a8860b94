using System.Net;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench;

/// <summary>The published runtime with one sample, in C: what a compiler makes of a small handler.</summary>
internal sealed class ServedSample : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("bench");

    private readonly string _name;

    private ServedSample(string name) => _name = name;

    public RuntimeProcess Runtime { get; private set; } = null!;

    public string Url => $"{Runtime.Client.BaseAddress}{_name}";

    public string Configuration => _directory.PathOf("modules.toml");

    public string Cache => _directory.PathOf("cache");

    /// <summary>The file of the sample <c>hello</c>.</summary>
    public static string Hello => Find("hello-c");

    /// <summary>The file of a sample.</summary>
    /// <exception cref="CannotMeasureException">It is not built.</exception>
    public static string Find(string name) => Checkout.Sample(name) ?? throw new CannotMeasureException(Checkout.WhyNoSample(name)!);

    /// <summary>Serves a sample at the route of its own name, with more arguments for <c>wagi serve</c>.</summary>
    public static async Task<ServedSample> StartAsync(string name = "hello", params IEnumerable<string> more)
    {
        if (!File.Exists(Checkout.Wagi))
        {
            throw new CannotMeasureException("the programs are not published: run 'make publish'");
        }

        var module = Find($"{name}-c");
        var served = new ServedSample(name);
        served._directory.Write("modules.toml", $"[[module]]\nroute = \"/{name}\"\nmodule = \"{module}\"\n");
        served.Runtime = await RuntimeProcess.StartAsync(served.Configuration, served.Cache, secrets: null, CancellationToken.None, more);
        // What the sample `events` is to do once; the others do not mind.
        await served.Runtime.AnswerAsync($"/{name}?count=1", HttpStatusCode.OK, CancellationToken.None);
        return served;
    }

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        _directory.Dispose();
    }
}
