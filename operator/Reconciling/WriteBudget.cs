using Wagi.Operator.Loops;

namespace Wagi.Operator.Reconciling;

/// <summary>
/// The bytes that may be written into the objects for the runtimes. Each change of one entry writes the whole ConfigMap, up to 1 MB, and the API
/// server's etcd keeps every version until it compacts. So a namespace that changes something all the time has to wait after a burst: then
/// what it has changed meanwhile is one change. Whoever may write takes the changes that wait along, which costs nothing more.
/// </summary>
/// <param name="options">How much.</param>
/// <param name="time">The clock.</param>
internal sealed class WriteBudget(WriteBudgetOptions options, TimeProvider time)
{
    private readonly TokenBucket _all = new(options.Burst, options.BytesPerSecond, time);
    private readonly Dictionary<string, TokenBucket> _namespaces = new(StringComparer.Ordinal);

    /// <summary>How long changes have to wait; null: they may be written now.</summary>
    /// <param name="changed">The namespaces that they belong to; none: the change is the operator's own.</param>
    public TimeSpan? Wait(IReadOnlyCollection<string> changed)
    {
        var wait = Until(_all, options.BytesPerSecond);
        if (changed.Count > 0)
        {
            var first = changed.Min(name => _namespaces.TryGetValue(name, out var own) ? Until(own, options.BytesPerSecondOfNamespace) : TimeSpan.Zero);
            wait = wait > first ? wait : first;
        }

        return wait > TimeSpan.Zero ? wait : null;
    }

    /// <summary>Takes what has been written from those who could pay. More than there is may be spent: it is owed.</summary>
    /// <param name="changed">The namespaces whose changes were written.</param>
    /// <param name="bytes">How much was written.</param>
    public void Spend(IReadOnlyCollection<string> changed, long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        _all.Spend(bytes);
        foreach (var name in _namespaces.Where(own => own.Value.Tokens >= options.BurstOfNamespace).Select(own => own.Key).ToList())
        {
            _namespaces.Remove(name);
        }

        var payers = changed.Select(Of).Where(own => own.Tokens > 0).ToList();
        payers.ForEach(own => own.Spend((double)bytes / payers.Count));
    }

    private static TimeSpan Until(TokenBucket bucket, double perSecond) =>
        // One byte more, so that there is something when the time is over.
        bucket.Tokens > 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - bucket.Tokens) / perSecond);

    private TokenBucket Of(string name)
    {
        if (!_namespaces.TryGetValue(name, out var own))
        {
            _namespaces[name] = own = new TokenBucket(options.BurstOfNamespace, options.BytesPerSecondOfNamespace, time);
        }

        return own;
    }
}

/// <summary>
/// How many bytes may be written. An API server has etcd compacted every five minutes and etcd keeps what is younger, so up to ten minutes of
/// versions are stored at a time, out of 2 GiB that etcd holds by default. The sum of both limits for ten minutes is 64 MiB + 300 MiB, less
/// than a fifth of it. Small installations never notice: with a hundred modules the ConfigMap has some 50 KB.
/// </summary>
internal sealed record WriteBudgetOptions
{
    /// <summary>What all namespaces together may write at once, in bytes.</summary>
    public double Burst { get; init; } = 64 * 1024 * 1024;

    /// <summary>What they may write in the long run: a full ConfigMap every two seconds. Nobody waits longer for the others' sake than for one or two.</summary>
    public double BytesPerSecond { get; init; } = 512 * 1024;

    /// <summary>What one namespace may write at once, in bytes: sixteen full ConfigMaps.</summary>
    public double BurstOfNamespace { get; init; } = 16 * 1024 * 1024;

    /// <summary>What it may write in the long run: a quarter of all, or a full ConfigMap every eight seconds.</summary>
    public double BytesPerSecondOfNamespace { get; init; } = 128 * 1024;
}
