using System.Diagnostics;
using Wagi.Bench.Servers;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Worlds;
using Wagi.TestCluster;

namespace Wagi.Bench.Measurements;

/// <summary>
/// What a GET to a local server costs more when a guest sends it than when C# does: a fresh instance, its request by outbound HTTP, the
/// answer passed on, against <see cref="HttpClient"/> alone. In one process, without the hop to the runtime; in turns.
/// </summary>
internal static class OutboundOverhead
{
    private const int WarmUp = 2_000;
    private const int Requests = 2_000;
    private const int Rounds = 9;

    public static async Task RunAsync()
    {
        await using var target = await PeerServer.PlainTextAsync();
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var wasm = await File.ReadAllBytesAsync(ServedSamples.Find("fetch-c"));
        using var guest = new InProcessHandler(engine, engine.Compile(wasm), target.Origin);
        using var client = new HttpClient();
        var query = $"?url={Uri.EscapeDataString(target.Url)}";

        await guest.GetAsync(query, WarmUp);
        await GetAsync(client, target.Url, WarmUp);
        var differences = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            await GetAsync(client, target.Url, Requests);
            var alone = Stopwatch.GetElapsedTime(started);
            started = Stopwatch.GetTimestamp();
            await guest.GetAsync(query, Requests);
            differences.Add((Stopwatch.GetElapsedTime(started) - alone).TotalMicroseconds / Requests);
        }

        Figures.Print("outbound_overhead_us", Figures.Percentile(differences, 0.5), "us");
    }

    private static async Task GetAsync(HttpClient client, string url, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await client.GetByteArrayAsync(url);
        }
    }
}
