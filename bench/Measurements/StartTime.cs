using System.Diagnostics;
using System.Net;
using Wagi.Bench.Servers;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>From the start of the process to the first answer of a module whose native code is in the cache.</summary>
internal static class StartTime
{
    private const int Rounds = 15;

    public static async Task RunAsync()
    {
        // Compiles into the cache, which the measured processes find warm.
        await using var served = await ServedSamples.StartAsync(["hello-c"]);
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var address = new IPEndPoint(IPAddress.Loopback, FreePort.Pick());
            var started = Stopwatch.GetTimestamp();
            await using var runtime = ProductProcess.Start(
                Checkout.Wagi, "-c", served.Configuration, "-l", $"{address}", "--admin", "127.0.0.1:0", "--module-cache", served.Cache);
            FirstAnswer.WaitForStart(address, "/hello-c");
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        Figures.Print("start_ms", Figures.Percentile(times, 0.5), "ms");
    }
}
