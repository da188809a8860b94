namespace Wagi.Operator.Loops;

/// <summary>A budget that fills up again by itself: a burst at once, and a rate in the long run. Not thread-safe.</summary>
/// <param name="burst">The most that it holds, and what it begins with.</param>
/// <param name="perSecond">What it gains in a second.</param>
/// <param name="time">The clock.</param>
internal sealed class TokenBucket(double burst, double perSecond, TimeProvider time)
{
    private double _spent;
    private long _at = time.GetTimestamp();

    /// <summary>What is there now; below zero while more has been spent than there was.</summary>
    public double Tokens
    {
        get
        {
            var now = time.GetTimestamp();
            _spent = Math.Max(0, _spent - (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
            _at = now;
            return burst - _spent;
        }
    }

    /// <summary>Spends an amount whether it is there or not: what is missing is owed, but never more than this amount.</summary>
    public void Spend(double amount) => _spent = Math.Min(burst - Tokens, burst) + amount;

    /// <summary>Spends an amount if it is there.</summary>
    public bool TrySpend(double amount)
    {
        if (Tokens < amount)
        {
            return false;
        }

        Spend(amount);
        return true;
    }
}
