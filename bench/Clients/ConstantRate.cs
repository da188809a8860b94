using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using HdrHistogram;

namespace Wagi.Bench.Clients;

/// <summary>
/// A client that sends at a constant rate, whatever the server does. A latency counts from the moment at which the request was to be sent. So a
/// request that has to wait for the one before it on its connection counts as one that waited, as it would be for a user; a client that only sends
/// when it is answered leaves those out (coordinated omission).
/// </summary>
internal static partial class ConstantRate
{
    /// <summary>Latencies in nanoseconds. They grow to the end where the server does not reach the rate.</summary>
    /// <exception cref="InvalidOperationException">The server answers something other than 200.</exception>
    public static async Task<LongHistogram> RunAsync(Uri url, int connections, int requestsPerSecond, TimeSpan duration)
    {
        var began = Stopwatch.GetTimestamp();
        var schedules = Enumerable.Range(0, connections).Select(i => new Schedule(
            began + (long)(Stopwatch.Frequency * (0.1 + (double)i / requestsPerSecond)),
            Stopwatch.Frequency * connections / requestsPerSecond,
            (int)(duration.TotalSeconds * requestsPerSecond / connections)));
        var histograms = await Task.WhenAll(schedules.Select(schedule => Task.Factory.StartNew(
            () => Send(url, schedule), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        var all = NewHistogram();
        foreach (var histogram in histograms)
        {
            all.Add(histogram);
        }

        return all;
    }

    // Nanoseconds up to a minute, with three digits.
    private static LongHistogram NewHistogram() => new(60_000_000_000, 3);

    private static LongHistogram Send(Uri url, Schedule schedule)
    {
        Cores.KeepThreadToClients();
        var latencies = NewHistogram();
        using var client = new PlainClient(url, url.PathAndQuery);
        for (var i = 0; i < schedule.Count; i++)
        {
            var intended = schedule.First + (i * schedule.Interval);
            SleepUntil(intended);
            if (client.Get() is var status and not HttpStatusCode.OK)
            {
                throw new InvalidOperationException($"{url} answered {(int)status}");
            }

            latencies.RecordValue(Stopwatch.GetTimestamp() - intended);
        }

        return latencies;
    }

    // Thread.Sleep knows milliseconds only. On Linux, Stopwatch's timestamps are nanoseconds of CLOCK_MONOTONIC.
    private static void SleepUntil(long timestamp)
    {
        const int Monotonic = 1;
        const int Absolute = 1;
        var until = new TimeSpec(timestamp / 1_000_000_000, timestamp % 1_000_000_000);
        while (ClockNanosleep(Monotonic, Absolute, in until, 0) != 0)
        {
            // A signal came in between.
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int ClockNanosleep(int clock, int flags, in TimeSpec until, nint remaining);

    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);

    /// <summary>When one connection sends.</summary>
    private readonly record struct Schedule(long First, long Interval, int Count);
}
