using System.Net;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary>The clients of one module, and what they leave of the runtime for the others.</summary>
public sealed class SlowClientTests : IDisposable
{
    private const string Module = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\10\00\00\00\1d\00\00\00")
          (data (i32.const 16) "Content-Type: text/plain\0a\0aok\0a")
          (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
        """;

    private readonly TempDirectory _directory = new("slow-clients");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <remarks>
    /// A module may hold a quarter of the disk and 32 MiB of memory. Of a disk of 1 GiB that is room for eight of these bodies, and for a ninth
    /// in memory when those that were refused have left it first.
    /// </remarks>
    [Theory]
    [InlineData("1Gi", 51)]
    [InlineData("8Gi", 0)]
    public async Task BodiesThatWait_NeedLittleMemory_AndLeaveRoomForTheNeighbour(string disk, int refused)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        _directory.Write("hello.wat", Module);

        // With one place, bodies are read whole before the guest begins.
        var configuration = _directory.Write(
            "modules.toml",
            "[[module]]\nroute = \"/slow\"\nmodule = \"hello.wat\"\nmax_concurrency = 1\n[[module]]\nroute = \"/neighbour\"\nmodule = \"hello.wat\"\n");
        var cache = _directory.PathOf("cache");
        var spool = Directory.CreateDirectory(Path.Combine(cache, "spool")).FullName;
        File.WriteAllText(Path.Combine(spool, "left-by-a-crash.tmp"), "bytes");
        await using var runtime = await RuntimeProcess.StartAsync(configuration, cache, secrets: null, Cancellation, "--body-disk", disk);
        Assert.Empty(Directory.EnumerateFiles(spool));
        await runtime.AnswerAsync("/slow", HttpStatusCode.OK, Cancellation);
        await runtime.AnswerAsync("/neighbour", HttpStatusCode.OK, Cancellation);

        using var slow = await SlowBodies.SendAsync(new Uri(runtime.Client.BaseAddress!, "slow"), clients: 60, part: 31 << 20, Cancellation);

        using var answer = await runtime.Client.PostAsync("/neighbour", new ByteArrayContent(new byte[8 << 20]), Cancellation);
        Assert.Equal("ok\n", await answer.Content.ReadAsStringAsync(Cancellation));

        // What the last ones have sent may still be in the kernel's buffers.
        await Eventually.Becomes(() => slow.Refused, count => count >= refused, cancellationToken: Cancellation);
        Assert.InRange(slow.Refused, refused, refused == 0 ? 0 : 59);
        Assert.InRange(runtime.PeakMemory, 0, 400_000_000);
        Assert.Empty(Directory.EnumerateFiles(spool));
    }

    public void Dispose() => _directory.Dispose();
}
