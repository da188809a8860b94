using System.Net;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench;

/// <summary>The published runtime with one sample at <c>/hello</c>.</summary>
internal sealed class ServedSample : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("bench");

    private ServedSample()
    {
    }

    public RuntimeProcess Runtime { get; private set; } = null!;

    public string Url => $"{Runtime.Client.BaseAddress}hello";

    public string Configuration => _directory.PathOf("modules.toml");

    public string Cache => _directory.PathOf("cache");

    /// <summary>The sample in C: what a compiler makes of a small handler.</summary>
    public static string Hello =>
        Checkout.Sample("hello-c") ?? throw new CannotMeasureException("artifacts/samples/hello-c.wasm is not built: run 'make samples'");

    public static async Task<ServedSample> StartAsync()
    {
        if (!File.Exists(Checkout.Wagi))
        {
            throw new CannotMeasureException("the programs are not published: run 'make publish'");
        }

        var served = new ServedSample();
        served._directory.Write("modules.toml", $"[[module]]\nroute = \"/hello\"\nmodule = \"{Hello}\"\n");
        served.Runtime = await RuntimeProcess.StartAsync(served.Configuration, served.Cache, secrets: null, CancellationToken.None);
        await served.Runtime.AnswerAsync("/hello", HttpStatusCode.OK, CancellationToken.None);
        return served;
    }

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        _directory.Dispose();
    }
}
