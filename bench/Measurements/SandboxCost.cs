using System.Diagnostics;
using System.Globalization;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Worlds;
using Wagi.TestCluster.Processes;

namespace Wagi.Bench.Measurements;

/// <summary>
/// How much longer a program in Rust takes in the runtime than natively, once it runs: computing, and JSON. What starting it costs is taken away on both
/// sides.
/// </summary>
internal static class SandboxCost
{
    private const int Rounds = 5;

    // So often that it takes some tenths of a second.
    private static readonly (string Program, int Count)[] Programs = [("compute", 100), ("json", 400)];

    public static async Task RunAsync()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        foreach (var (program, count) in Programs)
        {
            var native = PeerServer.Built(program);
            using var handler = new InProcessHandler(engine, engine.Compile(await File.ReadAllBytesAsync(PeerServer.Built($"{program}.wasm"))));
            var times = await Series.InTurnsAsync(Rounds,
            [
                () => MeasureAsync(query => RunNativelyAsync(native, query), count),
                () => MeasureAsync(query => handler.GetAsync($"?{query}", 1), count),
            ]);
            Report.Add($"sandbox_{program}_us", times[1], "us");
            Report.Add($"sandbox_ratio_native_{program}", times[1].Over(times[0]), "ratio", Better.Lower);
        }
    }

    /// <summary>Microseconds for doing it once.</summary>
    private static async Task<double> MeasureAsync(Func<string, Task> run, int count)
    {
        var nothing = await TimeAsync(run, 0);
        return (await TimeAsync(run, count) - nothing).TotalMicroseconds / count;
    }

    private static async Task<TimeSpan> TimeAsync(Func<string, Task> run, int count)
    {
        var started = Stopwatch.GetTimestamp();
        await run(count.ToString(CultureInfo.InvariantCulture));
        return Stopwatch.GetElapsedTime(started);
    }

    private static async Task RunNativelyAsync(string program, string query) =>
        (await Command.RunAsync(program, [], new Dictionary<string, string?> { ["QUERY_STRING"] = query })).EnsureSuccess();
}
