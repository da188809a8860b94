namespace Wagi.Operator.Controllers;

/// <summary>Growing pauses between tries: doubling from the first to the longest, each spread by up to half so that many clients do not return at once.</summary>
/// <param name="first">The first pause at its longest.</param>
/// <param name="longest">What no pause exceeds.</param>
/// <param name="random">Spreads the pauses.</param>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, Random? random = null)
{
    private readonly Random _random = random ?? Random.Shared;
    private int _failures;

    /// <summary>How many pauses were given since the last <see cref="Reset"/>.</summary>
    public int Failures => _failures;

    /// <summary>The next pause: between half of its step and the whole.</summary>
    public TimeSpan Next()
    {
        // 2^30 times any first pause is past every longest one.
        var step = Math.Min(first.TotalMilliseconds * Math.Pow(2, Math.Min(_failures, 30)), longest.TotalMilliseconds);
        _failures++;
        return TimeSpan.FromMilliseconds(step * (0.5 + (_random.NextDouble() / 2)));
    }

    /// <summary>It worked: the next pause is the first again.</summary>
    public void Reset() => _failures = 0;
}
