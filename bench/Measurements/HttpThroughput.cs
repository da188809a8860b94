using System.Diagnostics;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>Requests a second of the hello handler beside Kestrel alone, in turns in one run, and the runtime's memory after them.</summary>
internal static class HttpThroughput
{
    private const int Rounds = 5;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(3);

    public static async Task RunAsync()
    {
        Wrk.Require();
        await using var served = await ServedSample.StartAsync();
        await MeasureMemoryAsync(served);

        await using var plaintext = await PlainTextServer.StartAsync();
        var ratios = new List<double>();
        var rates = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var alone = await Wrk.RequestsPerSecondAsync(plaintext.Url, Duration);
            var hello = await Wrk.RequestsPerSecondAsync(served.Url, Duration);
            ratios.Add(hello / alone);
            rates.Add(hello);
        }

        Figures.Print("http_hello_rps", Figures.Percentile(rates, 0.5), "requests/s");
        Figures.Print("http_ratio_plaintext", Figures.Percentile(ratios, 0.5), "ratio");
    }

    private static async Task MeasureMemoryAsync(ServedSample served)
    {
        for (var i = 0; i < 10_000; i++)
        {
            (await served.Runtime.Client.GetAsync("/hello", CancellationToken.None)).EnsureSuccessStatusCode().Dispose();
        }

        using var process = Process.GetProcessById(served.Runtime.Id);
        Figures.Print("rss_mb", process.WorkingSet64 / 1e6, "MB");
    }
}
