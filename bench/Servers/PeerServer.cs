using Wagi.Bench.Clients;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Servers;

/// <summary>What the runtime is compared with: another server, in a process of its own on the servers' cores.</summary>
internal sealed class PeerServer : IAsyncDisposable
{
    private readonly ProductProcess _process;
    private readonly TempDirectory? _directory;

    private PeerServer(ProductProcess process, string url, TempDirectory? directory)
    {
        _process = process;
        _directory = directory;
        Url = url;
    }

    /// <summary>What to ask for, with path and query.</summary>
    public string Url { get; }

    /// <summary>Scheme, host and port of <see cref="Url"/>.</summary>
    public string Origin => new Uri(Url).GetLeftPart(UriPartial.Authority);

    /// <summary>Kestrel alone with the text of <c>hello</c> in memory: the most that a server on top of it can reach.</summary>
    /// <exception cref="CannotMeasureException">It is not compiled.</exception>
    public static Task<PeerServer> PlainTextAsync() => StartOwnAsync("plaintext");

    /// <summary>Kestrel alone, answering what it is sent.</summary>
    /// <exception cref="CannotMeasureException">It is not compiled.</exception>
    public static Task<PeerServer> EchoAsync() => StartOwnAsync("plaintext", "", "echo");

    /// <summary>Kestrel alone, answering what another server answers, which it asks by <see cref="HttpClient"/>.</summary>
    /// <param name="url">Where that serves the text of <c>hello</c>.</param>
    /// <exception cref="CannotMeasureException">It is not compiled.</exception>
    public static Task<PeerServer> FetchAsync(string url) => StartOwnAsync("plaintext", "", "fetch", url);

    /// <summary>A module in Kestrel with Wasmtime's own WASI: what embedding it without more thought costs.</summary>
    /// <param name="module">Its file.</param>
    /// <param name="query">What it is asked with.</param>
    /// <exception cref="CannotMeasureException">It is not compiled.</exception>
    public static Task<PeerServer> WasiAsync(string module, string query = "") => StartOwnAsync("wasi/wasi", query, module);

    /// <summary>A program that is compiled for this machine, by CGI under lighttpd: a process for each request.</summary>
    /// <param name="name">Its name in <c>artifacts/bench</c>.</param>
    /// <param name="query">What it is asked with.</param>
    /// <exception cref="CannotMeasureException">It is not compiled, or there is no lighttpd.</exception>
    public static Task<PeerServer> CgiAsync(string name, string query = "")
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
            query);
    }

    /// <summary>A handler in JavaScript, in workerd, whose requests share one isolate.</summary>
    /// <param name="handler">Its name in <c>bench/workerd/handlers.js</c>.</param>
    /// <param name="query">What it is asked with.</param>
    /// <exception cref="CannotMeasureException">There is no workerd.</exception>
    public static Task<PeerServer> WorkerdAsync(string handler, string query = "") =>
        StartWorkerdAsync("bench/workerd/handlers.js", """modules = [(name = "handlers", esModule = embed "handlers.js")]""", handler + query);

    /// <summary>The sample in JavaScript, in workerd.</summary>
    /// <param name="path">What it is asked for, without the slash at the beginning.</param>
    /// <exception cref="CannotMeasureException">There is no workerd.</exception>
    public static Task<PeerServer> WorkerdSampleAsync(string path) =>
        StartWorkerdAsync("samples/javascript/handler.js", """serviceWorkerScript = embed "handler.js" """, path);

    /// <summary>What <c>make bench</c> compiles into <c>artifacts/bench</c>.</summary>
    /// <exception cref="CannotMeasureException">It is not there.</exception>
    public static string Built(string name)
    {
        var program = Path.Combine(Checkout.Root, "artifacts", "bench", name);
        return File.Exists(program) ? program : throw new CannotMeasureException($"artifacts/bench/{name} is not compiled: run 'make bench'");
    }

    /// <summary>One of our own, which prints where it listens.</summary>
    private static async Task<PeerServer> StartOwnAsync(string name, string query = "", params IEnumerable<string> arguments)
    {
        var process = Start([Built(name), .. arguments]);
        var url = await process.WaitForLogAsync(log => log.Contains("http://", StringComparison.Ordinal) ? log.Trim() : null, default);
        return await AnsweringAsync(new PeerServer(process, $"{url}/{query}", directory: null));
    }

    private static Task<PeerServer> StartWorkerdAsync(string file, string script, string below) => StartConfiguredAsync(
        "workerd",
        port => $$"""
            using Workerd = import "/workerd/workerd.capnp";
            const config :Workerd.Config = (
              services = [
                (name = "handlers", worker = ({{script}}, compatibilityDate = "2026-01-01")),
                (name = "internet", network = (allow = ["private"])),
              ],
              sockets = [(name = "http", address = "127.0.0.1:{{port}}", http = (), service = "handlers")]
            );
            """,
        configuration => ["serve", configuration],
        below,
        Path.Combine(Checkout.Root, file));

    private static Task<PeerServer> StartConfiguredAsync(
        string program, Func<int, string> configuration, Func<string, IEnumerable<string>> arguments, string below, params IEnumerable<string> files)
    {
        if (TestTools.WhyMissing(program) is { } reason)
        {
            throw new CannotMeasureException(reason);
        }

        var directory = new TempDirectory("bench");
        foreach (var file in files)
        {
            File.Copy(file, directory.PathOf(Path.GetFileName(file)));
        }

        var port = FreePort.Pick();
        var process = Start([TestTools.Require(program), .. arguments(directory.Write("configuration", configuration(port)))]);
        return AnsweringAsync(new PeerServer(process, $"http://127.0.0.1:{port}/{below}", directory));
    }

    private static ProductProcess Start(IReadOnlyList<string> command)
    {
        string[] all = [.. Cores.BeforeServer, .. command];
        return ProductProcess.Start(all[0], all[1..]);
    }

    private static async Task<PeerServer> AnsweringAsync(PeerServer server)
    {
        try
        {
            using var client = new HttpClient();
            await FirstAnswer.WaitAsync(client, server.Url);
            return server;
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
