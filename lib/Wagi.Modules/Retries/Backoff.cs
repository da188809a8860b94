namespace Wagi.Modules.Retries;

/// <summary>
/// The pauses between attempts: they double from the first to the longest, and each is cut by up to half at random, so that many clients that
/// failed together do not come back together. Not thread-safe, except for <see cref="After"/>.
/// </summary>
/// <param name="first">The first pause at its longest.</param>
/// <param name="longest">No pause is longer.</param>
/// <param name="random">Cuts the pauses; <see cref="Random.Shared"/> when null.</param>
public sealed class Backoff(TimeSpan first, TimeSpan longest, Random? random = null)
{
    private readonly Random _random = random ?? Random.Shared;

    /// <summary>How often <see cref="Next"/> was called since the last <see cref="Reset"/>.</summary>
    public int Failures { get; private set; }

    /// <summary>Counts a failure and says how long to wait before the next attempt.</summary>
    public TimeSpan Next() => After(++Failures);

    /// <summary>How long to wait after a number of failures in a row, for a caller who counts them.</summary>
    /// <param name="failures">From 1.</param>
    public TimeSpan After(int failures)
    {
        // 2^30 times any first pause is past every longest one.
        var whole = Math.Min(first.TotalMilliseconds * Math.Pow(2, Math.Clamp(failures - 1, 0, 30)), longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(whole * (0.5 + (_random.NextDouble() / 2)));
    }

    /// <summary>An attempt succeeded: the next pause is the first again.</summary>
    public void Reset() => Failures = 0;
}
