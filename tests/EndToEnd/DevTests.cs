using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary><c>wagi dev</c> as it is published: compiled ahead of time, with the library that reads debug information.</summary>
public sealed class DevTests : IDisposable
{
    private readonly TempDirectory _folder = new("dev");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Module(string answer) =>
        $$"""
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\10\00\00\00\1d\00\00\00")
          (data (i32.const 16) "Content-Type: text/plain\0a\0a{{answer}}")
          (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
        """;

    [Fact]
    public async Task Edit_IsBuiltAndServed_FailedBuildIsNot_AndATrapHasNames()
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        _folder.Write("project/modules.toml", "[dev]\nbuild = \"grep -q module source.wat && cp source.wat hello.wat\"\n[[module]]\nid = \"hello\"\nroute = \"/...\"\nmodule = \"hello.wat\"\n");
        var source = _folder.Write("project/source.wat", Module("one"));
        await using var dev = ProductProcess.Start(
            Checkout.Wagi, "dev", _folder.PathOf("project"), "-l", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--module-cache", _folder.PathOf("cache"));
        using var client = new HttpClient { BaseAddress = new Uri(await SaidAsync(dev, "serving ", "/...")) };
        await Eventually.Becomes(token => client.GetStringAsync("/", token), answer => answer == "one", cancellationToken: Cancellation);

        File.WriteAllText(source, "nothing of the kind");
        await SaidAsync(dev, "the build failed with exit code 1; ", "the last good one is still served");
        Assert.Equal("one", await client.GetStringAsync("/", Cancellation));

        File.WriteAllText(source, Module("two"));
        await Eventually.Becomes(token => client.GetStringAsync("/", token), answer => answer == "two", cancellationToken: Cancellation);

        File.WriteAllText(source, "(module (memory (export \"memory\") 1) (func $divide unreachable) (func (export \"_start\") (call $divide)))");
        await Eventually.Becomes(
            async token =>
            {
                using var response = await client.GetAsync("/", token);
                return (int)response.StatusCode;
            },
            status => status == 500,
            cancellationToken: Cancellation);
        await SaidAsync(dev, "hello trapped: wasm trap: wasm `unreachable` instruction executed; at divide, ", "0x");
        Assert.Equal(0, await dev.TerminateAsync(Cancellation));
    }

    /// <summary>Waits for a line, and gives back what stands in it between two texts.</summary>
    private static Task<string> SaidAsync(ProductProcess dev, string before, string after) => dev.WaitForLogAsync(
        log => log.Split('\n').Where(line => line.Contains(before, StringComparison.Ordinal) && line.Contains(after, StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf(before, StringComparison.Ordinal) + before.Length)..line.LastIndexOf(after, StringComparison.Ordinal)]).FirstOrDefault(),
        Cancellation);

    public void Dispose() => _folder.Dispose();
}
