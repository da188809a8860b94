using HdrHistogram;
using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;

namespace Wagi.Bench.Measurements;

/// <summary>How long clients wait that send at a constant rate, <c>hello</c> beside Kestrel alone.</summary>
internal static class Latency
{
    private const int Rounds = 5;
    public const int RequestsPerSecond = 5_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    /// <summary>The percentiles that are printed, as they stand in the figures' names.</summary>
    public static IReadOnlyList<(string Name, double Percentile)> Percentiles { get; } =
        [("p50", 50), ("p90", 90), ("p99", 99), ("p999", 99.9)];

    public static async Task RunAsync()
    {
        await MeasureAsync(connections: 32, suffix: "", options: []);
        await MeasureAsync(connections: 128, suffix: "_128", ServedSamples.PlacesFor(128));
    }

    private static async Task MeasureAsync(int connections, string suffix, IEnumerable<string> options)
    {
        await using var plaintext = await PeerServer.PlainTextAsync();
        await using var served = await ServedSamples.StartAsync([Hello.InC.Sample], options);
        var servers = new[] { ("plaintext", plaintext.Url), ("hello", served.Url(Hello.InC.Sample)) };
        var histograms = servers.Select(_ => new List<LongHistogram>()).ToList();
        var p99 = await Series.InTurnsAsync(Rounds, [.. servers.Select((server, i) => (Func<Task<double>>)(async () =>
        {
            var latencies = await ConstantRate.RunAsync(new Uri(server.Item2), connections, RequestsPerSecond, Duration);
            histograms[i].Add(latencies);
            return latencies.GetValueAtPercentile(99);
        }))]);
        foreach (var ((server, _), rounds) in servers.Zip(histograms))
        {
            foreach (var (name, percentile) in Percentiles)
            {
                // The first warmed up.
                Report.Add($"latency_{server}_{name}{suffix}_us", new Series([.. rounds.Skip(1).Select(round => round.GetValueAtPercentile(percentile) / 1e3)]), "us");
            }
        }

        Report.Add($"p99_ratio_plaintext{suffix}", p99[1].Over(p99[0]), "ratio", Better.Lower);
    }
}
