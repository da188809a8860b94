using System.Diagnostics;
using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;

namespace Wagi.Bench.Measurements;

/// <summary>
/// A body of 10 MB to the echo handler and back, over HTTP: megabytes of body a second, counted once; of a module, and of a component for wasi:http.
/// </summary>
internal static class EchoThroughput
{
    private const int Length = 10_000_000;
    private const int Rounds = 30;

    public static async Task RunAsync()
    {
        await using var served = await ServedSamples.StartAsync(["echo-c", "echo-http"]);
        var sent = new byte[Length];
        new Random(1).NextBytes(sent);
        using var module = new EchoClient(served.Runtime.Client.BaseAddress!, "/echo-c", sent);
        using var component = new EchoClient(served.Runtime.Client.BaseAddress!, "/echo-http", sent);
        var rates = await Series.InTurnsAsync(Rounds, [() => RateAsync(module), () => RateAsync(component)]);
        Report.Add("echo_10mb_mb_s", rates[0], "MB/s");
        Report.Add("component_echo_10mb_mb_s", rates[1], "MB/s");
        Report.Add("component_echo_ratio", rates[1].Over(rates[0]), "ratio", Better.Higher);
    }

    private static async Task<double> RateAsync(EchoClient client)
    {
        var started = Stopwatch.GetTimestamp();
        await client.EchoAsync();
        return Length / 1e6 / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
