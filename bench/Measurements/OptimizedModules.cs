using System.Diagnostics;
using System.Globalization;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.TestCluster;

namespace Wagi.Bench.Measurements;

/// <summary>
/// What wasm-opt and wizer do for a module, as rows for <c>docs/optimizing.md</c>: its size, the time to compile it, and in one
/// process, on one thread, the time to make an instance and drop it, and of a whole request without the network.
/// </summary>
internal static class OptimizedModules
{
    private const int CompileRounds = 5;
    private const int Rounds = 5;

    private static readonly string[] Samples =
    [
        "primes-c", "primes-c-opt", "primes-c-wizer", "primes-c-wizer-opt", "hello-rust", "hello-rust-opt", "hello-go", "hello-go-opt",
    ];

    public static async Task RunAsync()
    {
        foreach (var sample in Samples)
        {
            _ = ServedSamples.Find(sample);
        }

        using var engine = GuestEngines.Create(new GuestEngineOptions());
        Console.WriteLine("| module | Wasm, bytes | compile, ms | instantiate, us | request, us |");
        Console.WriteLine("|---|--:|--:|--:|--:|");
        foreach (var sample in Samples)
        {
            var wasm = await File.ReadAllBytesAsync(ServedSamples.Find(sample));
            var (nativeCode, compile) = Compile(engine, wasm);
            using var instances = new InstanceMaker(engine, nativeCode);
            var instantiate = await MeasureAsync(() =>
            {
                instances.MakeAndDrop();
                return Task.CompletedTask;
            });
            using var handler = new InProcessHandler(engine, nativeCode);
            var request = await MeasureAsync(() => handler.GetAsync("?n=3999971", 1));
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| `{sample}` | {wasm.Length:#,0} | {compile:0} | {instantiate:0.0} | {request:0.0} |"));
        }
    }

    private static (byte[] NativeCode, double Milliseconds) Compile(GuestEngine engine, byte[] wasm)
    {
        var times = new List<double>();
        byte[] nativeCode = [];
        for (var round = 0; round < CompileRounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            nativeCode = engine.Compile(wasm);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return (nativeCode, Figures.Percentile(times, 0.5));
    }

    /// <summary>The median of some rounds, in microseconds.</summary>
    private static async Task<double> MeasureAsync(Func<Task> run) =>
        (await Series.InTurnsAsync(Rounds, [() => Pace.MicrosecondsAsync(run)]))[0].Median;
}
