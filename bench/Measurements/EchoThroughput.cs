using System.Diagnostics;
using Wagi.Bench.Clients;
using Wagi.Bench.Servers;
using Wagi.TestCluster;

namespace Wagi.Bench.Measurements;

/// <summary>A body of 10 MB to the echo handler and back, over HTTP: megabytes of body a second, counted once.</summary>
internal static class EchoThroughput
{
    private const int Length = 10_000_000;
    private const int WarmUp = 3;
    private const int Rounds = 30;

    public static async Task RunAsync()
    {
        await using var served = await ServedSamples.StartAsync(["echo-c"]);
        var sent = new byte[Length];
        new Random(1).NextBytes(sent);
        using var client = new EchoClient(served.Runtime.Client.BaseAddress!, "/echo-c", sent);
        var rates = new List<double>();
        for (var round = 0; round < WarmUp + Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            await client.EchoAsync();
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (round >= WarmUp)
            {
                rates.Add(Length / 1e6 / seconds);
            }
        }

        Figures.Print("echo_10mb_mb_s", Figures.Percentile(rates, 0.5), "MB/s");
    }
}
