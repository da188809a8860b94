namespace Wagi.Runtime.Guests;

/// <summary>Limits how many callers are in at the same time. Some more may wait for a place, up to a timeout; the rest are turned away at once.</summary>
/// <remarks>The semaphore is only awaited, never waited for by its handle: it holds nothing that would have to be given back.</remarks>
#pragma warning disable CA1001 // see the remark; disposed, it would throw at callers that are still inside
internal sealed class ConcurrencyGate(int concurrency, int queue)
#pragma warning restore CA1001
{
    private readonly SemaphoreSlim _free = new(concurrency);
    private int _waiting;

    /// <summary>Callers that are in.</summary>
    public int Inside => concurrency - _free.CurrentCount;

    /// <summary>Callers that wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether a caller would be turned away now.</summary>
    public bool IsFull => _free.CurrentCount == 0 && Waiting >= queue;

    /// <summary>Enters if that needs no waiting.</summary>
    public bool TryEnter() => _free.Wait(0);

    /// <summary>Waits for a place; false: turned away, because too many wait already or the time is up.</summary>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<bool> EnterAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > queue)
        {
            Interlocked.Decrement(ref _waiting);
            return TryEnter();
        }

        try
        {
            return await _free.WaitAsync(timeout, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>Blocks until there is a place.</summary>
    public void Enter() => _free.Wait();

    /// <summary>Gives the place back.</summary>
    public void Leave() => _free.Release();
}
