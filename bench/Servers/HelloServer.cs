using Wagi.Bench.Clients;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Servers;

/// <summary>What the runtime is compared with: another server, in a process of its own on the servers' cores, that answers the text of <c>hello</c>.</summary>
internal sealed class HelloServer : IAsyncDisposable
{
    private readonly ProductProcess _process;
    private readonly TempDirectory? _directory;

    private HelloServer(ProductProcess process, string url, TempDirectory? directory)
    {
        _process = process;
        _directory = directory;
        Url = url;
    }

    public string Url { get; }

    /// <summary>Kestrel alone with the text in memory: the most that a server on top of it can reach.</summary>
    /// <exception cref="CannotMeasureException">It is not compiled.</exception>
    public static Task<HelloServer> PlainTextAsync() => StartOwnAsync("plaintext");

    private static async Task<HelloServer> StartOwnAsync(string name, params IReadOnlyList<string> arguments)
    {
        var program = Path.Combine(Checkout.Root, "artifacts", "bench", name);
        if (!File.Exists(program))
        {
            throw new CannotMeasureException($"artifacts/bench/{name} is not published: run 'make bench'");
        }

        var process = Start([program, .. arguments]);
        var url = await process.WaitForLogAsync(log => log.Contains("http://", StringComparison.Ordinal) ? log.Trim() : null, default);
        return await AnsweringAsync(new HelloServer(process, url, directory: null));
    }

    private static ProductProcess Start(IReadOnlyList<string> command)
    {
        string[] all = [.. Cores.BeforeServer, .. command];
        return ProductProcess.Start(all[0], all[1..]);
    }

    private static async Task<HelloServer> AnsweringAsync(HelloServer server)
    {
        using var client = new HttpClient();
        await FirstAnswer.WaitAsync(client, server.Url);
        var text = await client.GetStringAsync(server.Url);
        return text == "Hello, world (version 1)\n" ? server : throw new InvalidOperationException($"{server.Url} answers '{text}'");
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory?.Dispose();
    }
}
