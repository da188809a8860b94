using System.Diagnostics;
using System.Globalization;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;
using Wagi.Modules.Configuration;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Worlds;
using Wagi.TestCluster;

namespace Wagi.Bench.Measurements;

/// <summary>
/// What wasm-opt, wizer and preinitialize do for a module, as rows for <c>docs/optimizing.md</c>: its size, the time to compile it, and in one
/// process, on one thread, the time to make an instance and drop it, and of a whole request without the network.
/// </summary>
internal static class OptimizedModules
{
    private const int CompileRounds = 5;
    private const int Rounds = 5;

    private static readonly Hello[] Modules =
    [
        Named("primes-c"),
        Named("primes-c-opt"),
        Named("primes-c-wizer"),
        Named("primes-c-wizer-opt"),
        Named("primes-c") with { Preinitialization = Preinitialization.Deterministic },
        Named("primes-rust"),
        Named("primes-rust") with { Preinitialization = Preinitialization.Deterministic },
        Named("primes-assemblyscript") with { Entrypoint = "main_page" },
        Named("primes-assemblyscript") with { Entrypoint = "main_page", Preinitialization = Preinitialization.Deterministic },
        Named("hello-rust"),
        Named("hello-rust-opt"),
        Named("hello-go"),
        Named("hello-go-opt"),
        Hello.InPreinitializedGo with { Preinitialization = Preinitialization.None },
        Hello.InPreinitializedGo,
    ];

    public static async Task RunAsync()
    {
        foreach (var module in Modules)
        {
            _ = ServedSamples.Find(module.Sample);
        }

        using var engine = GuestEngines.Create(new GuestEngineOptions());
        Console.WriteLine("| module | Wasm, bytes | compile, ms | instantiate, us | request, us |");
        Console.WriteLine("|---|--:|--:|--:|--:|");
        foreach (var module in Modules)
        {
            var wasm = await File.ReadAllBytesAsync(ServedSamples.Find(module.Sample));
            var (nativeCode, compile) = Compile(engine, wasm, module.Preinitialization);
            using var instances = new InstanceMaker(engine, nativeCode);
            var instantiate = await MeasureAsync(() =>
            {
                instances.MakeAndDrop();
                return Task.CompletedTask;
            });
            using var handler = new InProcessHandler(engine, nativeCode, below: module.Below, entrypoint: module.Entrypoint);
            var request = await MeasureAsync(() => handler.GetAsync("?n=3999971", 1));
            var name = module.Preinitialization == Preinitialization.None ? $"`{module.Sample}`" : $"`{module.Sample}`, preinitialized";
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {name} | {wasm.Length:#,0} | {compile:0} | {instantiate:0.0} | {request:0.0} |"));
        }
    }

    private static Hello Named(string sample) => new("", "", sample);

    private static (byte[] NativeCode, double Milliseconds) Compile(GuestEngine engine, byte[] wasm, Preinitialization preinitialization)
    {
        var times = new List<double>();
        byte[] nativeCode = [];
        for (var round = 0; round < CompileRounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            nativeCode = engine.Compile(wasm, preinitialization);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        return (nativeCode, Figures.Percentile(times, 0.5));
    }

    /// <summary>The median of some rounds, in microseconds.</summary>
    private static async Task<double> MeasureAsync(Func<Task> run) =>
        (await Series.InTurnsAsync(Rounds, [() => Pace.MicrosecondsAsync(run)]))[0].Median;
}
