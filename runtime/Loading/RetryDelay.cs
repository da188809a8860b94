namespace Wagi.Runtime.Loading;

/// <summary>How long to wait before a failed load is tried again: doubling from one second to two minutes, with jitter.</summary>
internal static class RetryDelay
{
    private const double MaxSeconds = 120;

    /// <param name="failures">Failed attempts in a row, from 1.</param>
    /// <param name="jitter">From 0 to 1: spreads many runtimes that failed at the same moment over half the delay.</param>
    public static TimeSpan After(int failures, double jitter)
    {
        var seconds = Math.Min(MaxSeconds, Math.Pow(2, Math.Min(failures - 1, 10)));
        return TimeSpan.FromSeconds(seconds * (0.5 + (jitter / 2)));
    }
}
