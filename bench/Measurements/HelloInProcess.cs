using System.Diagnostics;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.TestCluster;

namespace Wagi.Bench.Measurements;

/// <summary>One request to the hello handler without the network: CGI, a fresh instance, header block and body; one thread.</summary>
internal static class HelloInProcess
{
    private const int WarmUp = 2_000;
    private const int Requests = 20_000;
    private const int Rounds = 5;

    public static async Task RunAsync()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        using var handler = new InProcessHandler(engine, engine.Compile(await File.ReadAllBytesAsync(ServedSample.Hello)));

        await handler.GetAsync("", WarmUp);
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            await handler.GetAsync("", Requests);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds / Requests);
        }

        Figures.Print("hello_us", Figures.Percentile(times, 0.5), "us");
    }
}
