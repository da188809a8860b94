using Wagi.Bench.Clients;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Servers;

/// <summary>What the runtime is compared with: another server, in a process of its own on the servers' cores; most answer the text of <c>hello</c>.</summary>
internal sealed class HelloServer : IAsyncDisposable
{
    private const string Text = "Hello, world (version 1)\n";

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

    /// <summary>Kestrel alone, answering what it is sent.</summary>
    /// <exception cref="CannotMeasureException">It is not compiled.</exception>
    public static Task<HelloServer> EchoAsync() => StartOwnAsync("plaintext", answer: "", "echo");

    /// <summary>Kestrel alone, answering what another server answers, which it asks by <see cref="HttpClient"/>.</summary>
    /// <param name="url">Where that serves the text of <c>hello</c>.</param>
    /// <exception cref="CannotMeasureException">It is not compiled.</exception>
    public static Task<HelloServer> FetchAsync(string url) => StartOwnAsync("plaintext", Text, "fetch", url);

    /// <summary>The same module in Kestrel with Wasmtime's own WASI: what embedding it without more thought costs.</summary>
    /// <exception cref="CannotMeasureException">It is not compiled.</exception>
    public static Task<HelloServer> WasiAsync() => StartOwnAsync("wasi/wasi", Text, ServedSamples.HelloInC);

    /// <summary>The same program, compiled for this machine, by CGI under lighttpd: a process for each request.</summary>
    /// <exception cref="CannotMeasureException">It is not compiled, or there is no lighttpd.</exception>
    public static Task<HelloServer> CgiAsync() => CgiAsync("hello", Text);

    /// <summary>Another program of <c>bench/native</c>, by CGI under lighttpd.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="answer">What it answers without a query; null: anything.</param>
    /// <exception cref="CannotMeasureException">It is not compiled, or there is no lighttpd.</exception>
    public static Task<HelloServer> CgiAsync(string name, string? answer)
    {
        var program = Built(name);
        return StartConfiguredAsync(
            "lighttpd",
            port => $"""
                server.bind = "127.0.0.1"
                server.port = {port}
                server.document-root = "{Path.GetDirectoryName(program)}"
                server.modules = ("mod_alias", "mod_cgi")
                alias.url = ("/" => "{program}")
                cgi.assign = ("" => "")
                """,
            configuration => ["-D", "-f", configuration],
            answer);
    }

    /// <summary>The same in JavaScript, in workerd, whose requests share one isolate.</summary>
    /// <exception cref="CannotMeasureException">There is no workerd.</exception>
    public static Task<HelloServer> WorkerdAsync() => StartConfiguredAsync(
        "workerd",
        port => $$"""
            using Workerd = import "/workerd/workerd.capnp";
            const config :Workerd.Config = (
              services = [(name = "hello", worker = (
                modules = [(name = "hello", esModule =
                  "export default { fetch() { return new Response('Hello, world (version 1)\\n', { headers: { 'Content-Type': 'text/plain' } }); } };")],
                compatibilityDate = "2026-01-01"))],
              sockets = [(name = "http", address = "127.0.0.1:{{port}}", http = (), service = "hello")]
            );
            """,
        configuration => ["serve", configuration]);

    /// <summary>What <c>make bench</c> compiles into <c>artifacts/bench</c>.</summary>
    /// <exception cref="CannotMeasureException">It is not there.</exception>
    public static string Built(string name)
    {
        var program = Path.Combine(Checkout.Root, "artifacts", "bench", name);
        return File.Exists(program) ? program : throw new CannotMeasureException($"artifacts/bench/{name} is not compiled: run 'make bench'");
    }

    /// <summary>One of our own, which prints where it listens.</summary>
    private static async Task<HelloServer> StartOwnAsync(string name, string answer = Text, params IEnumerable<string> arguments)
    {
        var process = Start([Built(name), .. arguments]);
        var url = await process.WaitForLogAsync(log => log.Contains("http://", StringComparison.Ordinal) ? log.Trim() : null, default);
        return await AnsweringAsync(new HelloServer(process, url, directory: null), answer);
    }

    private static Task<HelloServer> StartConfiguredAsync(
        string program, Func<int, string> configuration, Func<string, IEnumerable<string>> arguments, string? answer = Text)
    {
        if (TestTools.WhyMissing(program) is { } reason)
        {
            throw new CannotMeasureException(reason);
        }

        var directory = new TempDirectory("bench");
        var port = FreePort.Pick();
        var process = Start([TestTools.Require(program), .. arguments(directory.Write("configuration", configuration(port)))]);
        return AnsweringAsync(new HelloServer(process, $"http://127.0.0.1:{port}/", directory), answer);
    }

    private static ProductProcess Start(IReadOnlyList<string> command)
    {
        string[] all = [.. Cores.BeforeServer, .. command];
        return ProductProcess.Start(all[0], all[1..]);
    }

    private static async Task<HelloServer> AnsweringAsync(HelloServer server, string? answer)
    {
        try
        {
            using var client = new HttpClient();
            await FirstAnswer.WaitAsync(client, server.Url);
            var text = await client.GetStringAsync(server.Url);
            return answer is null || text == answer ? server : throw new InvalidOperationException($"{server.Url} answers '{text}'");
        }
        catch (Exception exception)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException($"the server does not answer:\n{server._process.Log}", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _directory?.Dispose();
    }
}
