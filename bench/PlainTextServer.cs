using Wagi.TestCluster.Product;

namespace Wagi.Bench;

/// <summary>Kestrel alone, in a process of its own, answering the text of the sample <c>hello</c>.</summary>
internal sealed class PlainTextServer : IAsyncDisposable
{
    private readonly ProductProcess _process;

    private PlainTextServer(ProductProcess process, string url)
    {
        _process = process;
        Url = url;
    }

    /// <summary>Scheme, host and port.</summary>
    public string Url { get; }

    /// <exception cref="CannotMeasureException">It is not compiled.</exception>
    public static async Task<PlainTextServer> StartAsync()
    {
        var program = Path.Combine(Checkout.Root, "artifacts", "bench", "plaintext");
        if (!File.Exists(program))
        {
            throw new CannotMeasureException("artifacts/bench/plaintext is not published: run 'make bench'");
        }

        var process = ProductProcess.Start(program);
        var url = await process.WaitForLogAsync(log => log.Contains("http://", StringComparison.Ordinal) ? log.Trim() : null, default);
        return new PlainTextServer(process, url);
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
