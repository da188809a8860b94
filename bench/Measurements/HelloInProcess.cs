using System.Security.Cryptography;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Worlds;

namespace Wagi.Bench.Measurements;

/// <summary>
/// One request to <c>hello</c> without the network: CGI, a fresh instance, header block and body. In each language on one thread, in C also on two at a
/// time, both with the same module and with an engine and a module each; and what a request allocates.
/// </summary>
internal static class HelloInProcess
{
    private const int Rounds = 5;
    private const int Batch = 20;
    private const int Allocating = 5_000;

    public static async Task RunAsync()
    {
        var languages = Hello.InEachLanguage();
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        using var otherEngine = GuestEngines.Create(new GuestEngineOptions());
        var handlers = new List<InProcessHandler>();
        try
        {
            foreach (var hello in languages)
            {
                var wasm = await File.ReadAllBytesAsync(ServedSamples.Find(hello.Sample));
                handlers.Add(new InProcessHandler(engine, engine.Compile(wasm, hello.Preinitialization), below: hello.Below, entrypoint: hello.Entrypoint));
            }

            var inC = handlers[0];
            handlers.Add(new InProcessHandler(otherEngine, otherEngine.Compile(await File.ReadAllBytesAsync(ServedSamples.HelloInC))));
            var apart = handlers[^1];
            var times = await Series.InTurnsAsync(
                Rounds,
                [
                    .. handlers[..^1].Select(handler => (Func<Task<double>>)(() => TimeAsync(handler))),
                    HashAsync,
                    () => TwiceAsync(HashAsync, HashAsync),
                    () => TwiceAsync(() => TimeAsync(inC), () => TimeAsync(apart)),
                    () => TwiceAsync(() => TimeAsync(inC), () => TimeAsync(inC)),
                    () => AllocatedAsync(inC),
                ]);
            foreach (var (hello, time) in languages.Zip(times))
            {
                Report.Add(hello.Figure, time, "us");
            }

            Report.Add("hello_us_2_threads", times[^2], "us");
            Report.Add("hello_ratio_2_threads_apart", times[^3].Over(times[0]), "ratio");
            Report.Add("machine_ratio_2_threads", times[^4].Over(times[^5]), "ratio");
            Report.Add("hello_ratio_2_threads", times[^2].Over(times[0]), "ratio", Better.Lower);
            Report.Add("hello_allocated_bytes", times[^1], "bytes", Better.Lower);
        }
        finally
        {
            handlers.ForEach(handler => handler.Dispose());
        }
    }

    private static Task<double> TimeAsync(InProcessHandler handler) => Pace.MicrosecondsAsync(() => handler.GetAsync("", Batch), Batch);

    /// <summary>Microseconds for something that shares nothing with other threads, and allocates nothing.</summary>
    private static Task<double> HashAsync()
    {
        var data = new byte[4096];
        return Pace.MicrosecondsAsync(() =>
        {
            SHA256.HashData(data, data.AsSpan(0, SHA256.HashSizeInBytes));
            return Task.CompletedTask;
        });
    }

    /// <summary>Each on a thread of its own, at the same time: the mean.</summary>
    private static async Task<double> TwiceAsync(Func<Task<double>> left, Func<Task<double>> right)
    {
        var times = await Task.WhenAll(Task.Run(left), Task.Run(right));
        return times.Average();
    }

    /// <summary>Bytes for one request, without what stands in for the server.</summary>
    private static async Task<double> AllocatedAsync(InProcessHandler handler)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < Allocating; i++)
        {
            InProcessHandler.CreateContext("");
        }

        var between = GC.GetTotalAllocatedBytes(precise: true);
        await handler.GetAsync("", Allocating);
        var after = GC.GetTotalAllocatedBytes(precise: true);
        return (double)(after - between - (between - before)) / Allocating;
    }
}
