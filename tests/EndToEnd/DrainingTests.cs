using System.Net;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary>What a runtime does between SIGTERM and its end.</summary>
public sealed class DrainingTests : IDisposable
{
    private readonly TempDirectory _directory = new("draining");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DrainingRuntime_ServesOn_AndAsksConnectionsToClose()
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        _directory.Write(
            "a.wat",
            """
            (module
              (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
              (memory (export "memory") 1)
              (data (i32.const 0) "\10\00\00\00\1c\00\00\00")
              (data (i32.const 16) "content-type: text/plain\n\nok")
              (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
            """);
        var configuration = _directory.Write("modules.toml", "[[module]]\nid = \"a\"\nroute = \"/a\"\nmodule = \"a.wat\"\n");
        await using var runtime = await RuntimeProcess.StartAsync(
            configuration, _directory.PathOf("cache"), secrets: null, Cancellation, "--drain-delay", "60s");
        await runtime.ModuleAsync("a", module => module.State == ModuleState.Ready, Cancellation);
        Assert.Null(await ClosesAsync());
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("/of-a-module-that-came-later"));

        _ = runtime.TerminateAsync(CancellationToken.None);
        await Eventually.Becomes(
            async token =>
            {
                using var ready = await runtime.Admin.GetAsync("/healthz/ready", token);
                return ready.StatusCode;
            },
            status => status == HttpStatusCode.ServiceUnavailable,
            cancellationToken: Cancellation);

        Assert.True(await ClosesAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync("/of-a-module-that-came-later"));

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using var answer = await runtime.Client.GetAsync(path, Cancellation);
            return answer.StatusCode;
        }

        async Task<bool?> ClosesAsync()
        {
            using var answer = await runtime.Client.GetAsync("/a", Cancellation);
            Assert.Equal("ok", await answer.Content.ReadAsStringAsync(Cancellation));
            return answer.Headers.ConnectionClose;
        }
    }

    public void Dispose() => _directory.Dispose();
}
