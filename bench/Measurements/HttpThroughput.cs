using System.Diagnostics;
using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>Requests a second of <c>hello</c> in each language beside Kestrel alone, in turns in one run, and the runtime's memory after them.</summary>
internal static class HttpThroughput
{
    private const int Rounds = 5;
    private const int Burst = 200;
    private const string BurstSample = "hello-go";
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    /// <summary>What is idle is given back after ten seconds, and it is looked at every two.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(13);

    public static async Task RunAsync()
    {
        Wrk.Require();
        await MeasureMemoryAsync();
        await MeasureBurstAsync();
        await MeasureAsync(connections: 32, suffix: "", options: []);
        await MeasureAsync(connections: 128, suffix: "_128", ServedSamples.PlacesFor(128));
    }

    private static async Task MeasureAsync(int connections, string suffix, IEnumerable<string> options)
    {
        var languages = Hello.InEachLanguage();
        await using var plaintext = await PeerServer.PlainTextAsync();
        await using var served = await ServedSamples.StartAsync(languages, options);
        var rates = await Series.InTurnsAsync(Rounds,
        [
            () => Wrk.RequestsPerSecondAsync(plaintext.Url, connections, Duration),
            .. languages.Select(hello => (Func<Task<double>>)(() => served.RequestsPerSecondAsync(hello, connections, Duration))),
        ]);
        Report.Add($"http_plaintext_rps{suffix}", rates[0], "requests/s");
        Report.Add($"http_hello_rps{suffix}", rates[1], "requests/s");
        foreach (var (hello, rate) in languages.Zip(rates.Skip(1)))
        {
            Report.Add($"http_ratio_plaintext{hello.Suffix}{suffix}", rate.Over(rates[0]), "ratio", Better.Higher);
        }
    }

    private static async Task MeasureMemoryAsync()
    {
        await using var served = await ServedSamples.StartAsync([Hello.InC.Sample]);
        for (var i = 0; i < 10_000; i++)
        {
            (await served.Runtime.Client.GetAsync(served.Url(Hello.InC.Sample), CancellationToken.None)).EnsureSuccessStatusCode().Dispose();
        }

        PrintMemory("rss_mb", served);
    }

    /// <summary>Memory right after many requests at once to a module that touches much, and when it has been idle for a while.</summary>
    private static async Task MeasureBurstAsync()
    {
        if (Checkout.Sample(BurstSample) is null)
        {
            return;
        }

        await using var served = await ServedSamples.StartAsync([BurstSample], ServedSamples.PlacesFor(Burst));
        await served.RequestsPerSecondAsync(BurstSample, Burst, Duration);
        PrintMemory("rss_mb_after_burst", served);
        await Task.Delay(Idle);
        PrintMemory("rss_mb_after_burst_idle", served);
    }

    private static void PrintMemory(string name, ServedSamples served)
    {
        using var process = Process.GetProcessById(served.Runtime.Id);
        Figures.Print(name, process.WorkingSet64 / 1e6, "MB");
    }
}
