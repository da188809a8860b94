using System.Diagnostics;
using Wagi.Bench.Servers;
using Wagi.TestCluster;

namespace Wagi.Bench.Measurements;

/// <summary>From sending a request over HTTP to the first server-sent event, of a handler that goes on to send another.</summary>
internal static class FirstEvent
{
    private const int WarmUp = 10;
    private const int Rounds = 100;
    private const string Path = "/events-c?count=2&interval=30";

    public static async Task RunAsync()
    {
        await using var served = await ServedSamples.StartAsync(["events-c"]);
        var buffer = new byte[4096];
        var times = new List<double>();
        for (var round = 0; round < WarmUp + Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            using var response = await served.Runtime.Client.GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);
            await using var stream = await response.Content.ReadAsStreamAsync();
            var length = await stream.ReadAsync(buffer);
            var time = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            if (length == 0 || buffer.AsSpan(0, length).IndexOf("id: 2"u8) >= 0)
            {
                throw new InvalidOperationException("the first event did not come alone");
            }

            if (round >= WarmUp)
            {
                times.Add(time);
            }

            await stream.CopyToAsync(Stream.Null);
        }

        Figures.Print("sse_first_event_ms", Figures.Percentile(times, 0.5), "ms");
    }
}
