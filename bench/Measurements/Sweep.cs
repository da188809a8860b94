using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;

namespace Wagi.Bench.Measurements;

/// <summary>Requests a second over the number of connections, <c>hello</c> beside Kestrel alone.</summary>
internal static class Sweep
{
    private const int Rounds = 5;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    public static IReadOnlyList<int> Connections { get; } = [1, 8, 32, 128, 512];

    public static async Task RunAsync()
    {
        Wrk.Require();
        await using var plaintext = await PeerServer.PlainTextAsync();
        await using var served = await ServedSamples.StartAsync([Hello.InC.Sample], ServedSamples.PlacesFor(Connections.Max()));
        foreach (var connections in Connections)
        {
            var rates = await Series.InTurnsAsync(Rounds,
            [
                () => Wrk.RequestsPerSecondAsync(plaintext.Url, connections, Duration),
                () => served.RequestsPerSecondAsync(Hello.InC.Sample, connections, Duration),
            ]);
            Report.Add($"sweep_plaintext_rps_{connections}", rates[0], "requests/s");
            Report.Add($"sweep_hello_rps_{connections}", rates[1], "requests/s");
        }
    }
}
