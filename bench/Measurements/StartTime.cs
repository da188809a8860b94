using System.Diagnostics;
using System.Globalization;
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
        using var client = new HttpClient();
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var url = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Pick()}");
            var started = Stopwatch.GetTimestamp();
            await using var runtime = ProductProcess.Start(
                Checkout.Wagi, "-c", served.Configuration, "-l", url, "--admin", "127.0.0.1:0", "--module-cache", served.Cache);
            await FirstAnswer.WaitAsync(client, $"http://{url}/hello-c");
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        Figures.Print("start_ms", Figures.Percentile(times, 0.5), "ms");
    }
}
