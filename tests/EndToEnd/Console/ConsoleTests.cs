using System.Text;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Console;

/// <summary>The console in a browser. What there is to see is in <c>console.mjs</c>.</summary>
public sealed class ConsoleTests : IDisposable
{
    private static readonly string Hello = Printing("Content-Type: text/plain\n\nHello, world\n");

    private readonly TempDirectory _directory = new("console");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Console_ShowsModulesFailuresAndRequests_AndSendsRequests()
    {
        await using var runtime = await StartWithShopAsync();

        await LookAsync("all", runtime);
    }

    /// <summary>With others beside it, it is a runtime of a cluster.</summary>
    [Fact]
    public async Task Console_OfACluster_OnlyShows()
    {
        await using var runtime = await StartWithShopAsync("--peers", "http://127.0.0.1:1");

        await LookAsync("read-only", runtime);
    }

    [Fact]
    public async Task FiveThousandModules_AreShownWithoutAStutter()
    {
        ConsoleBrowser.SkipWithout();
        _directory.Write("hello.wat", Hello);
        _directory.Write("modules.toml", string.Concat(Enumerable.Range(0, 5000).Select(
            i => Entry($"team-{i % 50:00}/module-{i:0000}", $"/m/{i:0000}", i % 97 == 0 ? "missing.wat" : "hello.wat"))));
        await using var runtime = await StartAsync();
        await Eventually.Becomes(
            runtime.StatusAsync, status => status.Modules.Length == 5000 && status.Modules.All(module => module.State != ModuleState.Loading),
            TimeSpan.FromMinutes(3), Cancellation);

        await LookAsync("many", runtime);
    }

    /// <summary>The pictures of the documentation, when <c>WAGI_PICTURES</c> is set: a test run leaves the checkout as it was.</summary>
    [Fact]
    public async Task Pictures_AreTaken_WhenTheyAreAskedFor()
    {
        ConsoleBrowser.SkipUnlessPicturesAreAskedFor();
        await using var runtime = await StartWithShopAsync();

        await LookAsync("pictures", runtime, ConsoleBrowser.Pictures);
    }

    private static Task LookAsync(string scenario, RuntimeProcess runtime, params string[] more) => ConsoleBrowser.LookAsync(
        "console.mjs", scenario, runtime.AdminUrl, () => runtime.Log, [runtime.Client.BaseAddress!.GetLeftPart(UriPartial.Authority), .. more], Cancellation);

    /// <summary>Modules that are ready, that have failed with and without a version that serves, and that fail at each request.</summary>
    private async Task<RuntimeProcess> StartWithShopAsync(params string[] more)
    {
        ConsoleBrowser.SkipWithout();
        const string Trap = """(module (memory (export "memory") 1) (func (export "_start") unreachable))""";
        _directory.Write("hello.wat", Hello);
        _directory.Write("catalog.wat", Printing("Content-Type: text/plain\n\nmany shoes\n", pages: 40));
        _directory.Write("search.wat", Printing("Status: 404\nContent-Type: text/plain\n\nnothing found\n"));
        _directory.Write("posts.wat", Printing("Content-Type: text/plain\n\nposts\n"));
        _directory.Write("trap.wat", Trap);
        _directory.Write("mute.wat", """(module (memory (export "memory") 1) (func (export "_start")))""");
        _directory.Write("endless.wat", """(module (memory (export "memory") 1) (func (export "_start") (loop $again (br $again))))""");
        _directory.Write("unknown.wat", """(module (import "env" "nothing" (func)) (func (export "_start")))""");
        _directory.Write(
            "modules.toml",
            new StringBuilder()
                .Append(Entry(
                    "shop/cart", "/cart/...", "hello.wat", "environment = { CURRENCY = \"secret-value\" }", "timeout = \"5s\"", "memory_limit = \"64Mi\"",
                    "allowed_hosts = [\"https://api.example.com\"]"))
                .Append(Entry("shop/checkout", "/checkout", "trap.wat"))
                .Append(Entry("shop/catalog", "/catalog/...", "catalog.wat"))
                .Append(Entry("shop/search", "/search", "search.wat"))
                .Append(Entry("blog/posts", "/posts/...", "posts.wat"))
                .Append(Entry("blog/feed", "/feed.xml", "mute.wat"))
                .Append(Entry("ops/report", "/report", "endless.wat", "timeout = \"300ms\""))
                .Append(Entry("ops/import", "/import", "unknown.wat"))
                .AppendJoin("", new[] { "thumbnails", "comments" }.Select(name => Entry($"blog/{name}", $"/{name}/...", "hello.wat")))
                .ToString());
        var runtime = await StartAsync([.. more, "-e", "REGION=secret-value"]);
        await Eventually.Becomes(
            runtime.StatusAsync, status => status.Modules.Length > 0 && status.Modules.All(module => module.State != ModuleState.Loading), cancellationToken: Cancellation);
        _directory.Write("posts.wat", "no WebAssembly");
        await Eventually.Becomes(
            runtime.StatusAsync,
            status => status.Modules.Single(module => module.Id == "blog/posts") is { State: ModuleState.Failed, Digest: not null },
            cancellationToken: Cancellation);
        return runtime;
    }

    private Task<RuntimeProcess> StartAsync(params string[] more) =>
        RuntimeProcess.StartAsync(_directory.PathOf("modules.toml"), _directory.PathOf("cache"), secrets: null, Cancellation, more);

    private static string Entry(string id, string route, string module, params string[] more) =>
        $"[[module]]\nid = \"{id}\"\nroute = \"{route}\"\nmodule = \"{module}\"\n{string.Concat(more.Select(line => line + "\n"))}";

    /// <summary>A module that prints a text.</summary>
    private static string Printing(string text, int pages = 1)
    {
        static string Escaped(IEnumerable<byte> bytes) => string.Concat(bytes.Select(value => $"\\{value:x2}"));
        var bytes = Encoding.UTF8.GetBytes(text);
        return $$"""
            (module
              (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
              (memory (export "memory") {{pages}})
              (data (i32.const 0) "{{Escaped([.. BitConverter.GetBytes(16), .. BitConverter.GetBytes(bytes.Length)])}}")
              (data (i32.const 16) "{{Escaped(bytes)}}")
              (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
            """;
    }

    public void Dispose() => _directory.Dispose();
}
