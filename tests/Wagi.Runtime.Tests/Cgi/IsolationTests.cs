using System.Diagnostics;
using System.Text;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>Nothing of one request is there for another.</summary>
[Collection(AloneCollection.Name)]
public class IsolationTests
{
    [Fact]
    public async Task Instance_IsFresh_ForEveryRequest()
    {
        // Counts in a global and in memory, and writes all over a page that no request has filled before.
        var (data, code) = Wat.Print("content-type: text/plain\n\n");
        var wat = Wat.Start($$"""
            {{code}}
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (i32.store (i32.const 20000) (i32.add (i32.load (i32.const 20000)) (i32.const 1)))
            (i32.store (i32.const 16) (i32.add (global.get $count) (i32.load (i32.const 20000))))
            (i32.store (i32.const 20) (i32.load (i32.const 100000)))
            (memory.fill (i32.const 70000) (i32.const 255) (i32.const 50000))
            (call $write (i32.const 1) (i32.const 16) (i32.const 8))
            """, data + "(global $count (mut i32) (i32.const 0))");
        await using var host = await HandlerHost.StartAsync(wat);

        for (var i = 0; i < 200; i++)
        {
            Assert.Equal([2, 0, 0, 0, 0, 0, 0, 0], await host.Client.GetByteArrayAsync("/"));
        }
    }

    [Fact]
    public async Task Requests_AtTheSameTime_AreNotMixedUp()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo, defaults: new() { MaxConcurrency = 16, MaxQueue = 1000 });

        await Parallel.ForAsync(0, 500, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, cancellation) =>
        {
            var sent = string.Concat(Enumerable.Repeat($"request {i};", 1 + (i * 37 % 5000)));
            using var response = await host.Client.PostAsync("/", new StringContent(sent), cancellation);
            Assert.Equal(sent, await response.Content.ReadAsStringAsync(cancellation));
        });
    }

    [Fact]
    public async Task TenThousandRequests_LeaveNothingBehind()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing("content-type: text/plain\n\nhello"), defaults: new() { MaxQueue = 1000 });
        await SendAsync(host, 1_000);
        var (memory, handles) = Measure();

        await SendAsync(host, 10_000);

        var (memoryAfter, handlesAfter) = Measure();
        Assert.InRange(memoryAfter - memory, long.MinValue, 48L << 20);
        Assert.InRange(handlesAfter - handles, int.MinValue, 50);
        Assert.Equal(0, host.Handler.Running);

        static async Task SendAsync(HandlerHost host, int count) => await Parallel.ForAsync(
            0, count, new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (_, cancellation) => Assert.Equal("hello", await host.Client.GetStringAsync("/", cancellation)));

        static (long Memory, int Handles) Measure()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            using var process = Process.GetCurrentProcess();
            return (process.WorkingSet64, process.HandleCount);
        }
    }

    [Fact]
    public async Task Handler_ThatIsDisposed_LetsRunningRequestsEnd()
    {
        var (data, code) = Wat.Print("content-type: text/plain\n\nhello");
        await using var host = await HandlerHost.StartAsync(Wat.Start($"(call $sleep (i32.const 300)) {code}", data));
        var request = host.Client.GetStringAsync("/");
        var watch = Stopwatch.StartNew();
        while (host.Handler.Running == 0)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
            await Task.Delay(5);
        }

        while (SharedEngine.Instance.Running == 0)
        {
            await Task.Delay(1);
        }

        host.Handler.Dispose();

        Assert.Equal("hello", await request);
    }
}
