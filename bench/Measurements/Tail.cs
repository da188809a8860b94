using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>The 99th percentile of <c>hello</c> while much else goes on in its runtime that is nobody's fault.</summary>
internal static class Tail
{
    private const string Path = "/hello";
    private const int Hanging = 500;
    private const int HangingModules = 10;
    private const int Reloaded = 100;

    // 25 MB.
    private const int LargeFunctions = 25_000;
    private const int LargeFunctionSize = 1_000;

    // One after the other, for as long as the measurement takes.
    private const int Compiled = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task RunAsync()
    {
        await HangingAsync();
        await CompilingAsync();
        await ReloadingAsync();
    }

    /// <summary>Requests that wait for a server that does not answer, each with an instance of its own.</summary>
    private static async Task HangingAsync()
    {
        using var upstream = new StandInUpstream();
        await using var stage = await Stage.StartAsync(
            [.. Enumerable.Range(0, HangingModules).Select(i => ($"fetch-{i}", ServedSamples.Find("fetch-c")))],
            $"""
            allowed_hosts = ["{upstream.Url}"]
            http_max_concurrency = {Hanging}
            timeout = "10m"
            """,
            [.. ServedSamples.PlacesFor(2 * Hanging)]);
        var calm = await stage.Clients.MeasureAsync();
        var clients = new List<TcpClient>();
        try
        {
            for (var i = 0; i < Hanging; i++)
            {
                var client = new TcpClient(stage.Address.Host, stage.Address.Port);
                clients.Add(client);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                    $"GET /fetch-{i % HangingModules}?url={Uri.EscapeDataString(upstream.Url)} HTTP/1.1\r\nHost: {stage.Address.Authority}\r\n\r\n"));
            }

            await Eventually.Becomes(() => upstream.Waiting, waiting => waiting == Hanging, Patience);
            Print("500_hanging", calm, await stage.Clients.MeasureAsync());
            if (clients.Any(client => client.Available > 0))
            {
                throw new InvalidOperationException("not all of the requests have hung");
            }
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    private static async Task CompilingAsync()
    {
        // Nothing but code, and of that calls: it takes the compiler more than what other modules of that size do.
        await using var stage = await Stage.StartAsync([], "", ["--compile-memory", "2Gi"]);
        var calm = await stage.Clients.MeasureAsync();
        var large = CompileBomb.Create(LargeFunctions, LargeFunctionSize);

        // Each differs, so that none is in the cache.
        await stage.AddAsync([.. Enumerable.Range(0, Compiled).Select(i => ($"large-{i}", (byte[])[.. large, 0, 2, 1, (byte)('a' + i)]))]);
        var beside = await stage.Clients.MeasureAsync();
        var states = (await stage.Runtime.StatusAsync(CancellationToken.None)).Modules.Where(module => module.Id != "hello").Select(module => module.State).ToList();
        if (!states.Contains(ModuleState.Loading) || !states.Contains(ModuleState.Ready))
        {
            throw new InvalidOperationException($"not compiled all the time: {string.Join(", ", states)}");
        }

        Print("compiled_25mb_modules", calm, beside);
    }

    private static async Task ReloadingAsync()
    {
        await using var stage = await Stage.StartAsync([], "", []);
        await stage.ReplaceAsync(Reloaded, "before");
        var calm = await stage.Clients.MeasureAsync();
        Print("100_reloaded", calm, await stage.Clients.MeasureAsync(round => stage.ReplaceAsync(Reloaded, $"round {round}")));
    }

    private static void Print(string beside, Series calm, Series disturbed)
    {
        Report.Add($"hello_p99_ms_beside_{beside}", disturbed, "ms");
        Report.Add($"hello_p99_ratio_beside_{beside}", new Series([.. disturbed.Rounds.Select(round => round / calm.Median)]), "ratio", Better.Lower);
    }

    /// <summary>A runtime with <c>hello</c> in C, and others.</summary>
    private sealed class Stage : IAsyncDisposable
    {
        private readonly TempDirectory _directory = new("tail");
        private string _others = "";

        public RuntimeProcess Runtime { get; private set; } = null!;

        public Uri Address => Runtime.Client.BaseAddress!;

        public SteadyClients Clients => new(Address, Path);

        public static async Task<Stage> StartAsync(IReadOnlyList<(string Name, string File)> modules, string settings, IReadOnlyList<string> more)
        {
            if (!File.Exists(Checkout.Wagi))
            {
                throw new CannotMeasureException("the programs are not published: run 'make publish'");
            }

            var stage = new Stage();
            foreach (var (name, file) in modules)
            {
                stage._others += Entry(name, file) + settings + "\n";
            }

            stage.Write("");
            stage.Runtime = await RuntimeProcess.StartAsync(
                stage._directory.PathOf("modules.toml"), stage._directory.PathOf("cache"), secrets: null, CancellationToken.None, more);
            await stage.Runtime.AnswerAsync(Path, HttpStatusCode.OK, CancellationToken.None);
            foreach (var (name, _) in modules)
            {
                await stage.Runtime.ModuleAsync(name, module => module.State == ModuleState.Ready, CancellationToken.None);
            }

            return stage;
        }

        /// <summary>Adds modules, and returns when they are being loaded.</summary>
        public async Task AddAsync(IReadOnlyList<(string Name, byte[] Wasm)> modules)
        {
            var toml = new StringBuilder();
            foreach (var (name, wasm) in modules)
            {
                var file = _directory.PathOf($"{name}.wasm");
                await File.WriteAllBytesAsync(file, wasm);
                toml.Append(Entry(name, file));
            }

            Write(toml.ToString());
            await Eventually.Becomes(Runtime.StatusAsync, status => status.Modules.Length > modules.Count, Patience);
        }

        /// <summary>Replaces modules by others under the same ids, and returns when all of them are served.</summary>
        public async Task ReplaceAsync(int modules, string text)
        {
            var toml = new StringBuilder();
            for (var i = 0; i < modules; i++)
            {
                toml.Append(Entry($"reloaded-{i}", _directory.Write($"modules/{i} {text}.wat", Answering($"{i}: {text}"))));
            }

            Write(toml.ToString());
            for (var i = 0; i < modules; i++)
            {
                await Runtime.AnswerAsync($"/reloaded-{i}", HttpStatusCode.OK, answer => answer == $"{i}: {text}", CancellationToken.None);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Runtime.DisposeAsync();
            _directory.Dispose();
        }

        private void Write(string more) => _directory.Write("modules.toml", Entry("hello", ServedSamples.HelloInC) + _others + more);

        private static string Entry(string name, string file) => $"""
            [[module]]
            id = "{name}"
            route = "/{name}"
            module = "{file}"


            """;

        private static string Answering(string text) => string.Create(CultureInfo.InvariantCulture, $$"""
            (module
              (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
              (memory (export "memory") 1)
              (data (i32.const 16) "Content-Type: text/plain\n\n{{text}}")
              (func (export "_start")
                (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const {{26 + text.Length}}))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
            """);
    }
}
