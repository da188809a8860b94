using System.Threading.RateLimiting;
using Wagi.Modules.Limits;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// Keeps a module's requests to a rate: a bucket of as many as may come in the period, full at first, and filled again evenly, so that all may come
/// at once, and after that as many as the rate has room for.
/// </summary>
internal sealed class RateLimit(RequestRate rate) : IDisposable
{
    // Filled when it is looked at: no timer for modules that nobody asks.
    private readonly TokenBucketRateLimiter _bucket = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = rate.Requests,
        TokensPerPeriod = 1,
        ReplenishmentPeriod = rate.Period / rate.Requests,
        AutoReplenishment = false,
        QueueLimit = 0,
    });

    /// <summary>Whether there is room for one more request, which then counts.</summary>
    /// <param name="wait">Otherwise, how long until there is: whole seconds, at least one.</param>
    public bool TryTake(out TimeSpan wait)
    {
        _bucket.TryReplenish();
        using var lease = _bucket.AttemptAcquire();
        wait = TimeSpan.FromSeconds(lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? Math.Max(1, Math.Ceiling(after.TotalSeconds)) : 1);
        return lease.IsAcquired;
    }

    public void Dispose() => _bucket.Dispose();
}
