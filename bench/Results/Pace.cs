using System.Diagnostics;

namespace Wagi.Bench.Results;

/// <summary>How long something takes that is too short to be measured once.</summary>
internal static class Pace
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1);

    /// <summary>Goes on for about a second.</summary>
    /// <param name="run">What is measured.</param>
    /// <param name="count">How many there are in one run: so many that a look at the clock is nothing beside them.</param>
    /// <returns>Microseconds for one of them.</returns>
    public static async Task<double> MicrosecondsAsync(Func<Task> run, int count = 1)
    {
        var runs = 0;
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < Duration)
        {
            await run();
            runs++;
        }

        return Stopwatch.GetElapsedTime(started).TotalMicroseconds / ((double)runs * count);
    }
}
