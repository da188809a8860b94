namespace Wagi.Operator.Reconciling;

/// <summary>
/// A coalescing queue: a key that is added many times before somebody takes it is taken once; one that is added while it is
/// being worked on is taken again afterwards, never twice at a time. The role and name of client-go's work queue.
/// </summary>
/// <param name="time">The clock of <see cref="AddAfter"/>.</param>
internal sealed class WorkQueue<TKey>(TimeProvider time) : IDisposable
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Queue<TKey> _order = new();
    private readonly HashSet<TKey> _waiting = [];
    private readonly HashSet<TKey> _working = [];
    private readonly Dictionary<TKey, (ITimer Timer, DateTimeOffset Due)> _delayed = [];
    private readonly SemaphoreSlim _available = new(0);

    /// <summary>Keys that wait to be taken.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _waiting.Count;
        }
    }

    /// <summary>Asks for work on a key.</summary>
    public void Add(TKey key)
    {
        lock (_lock)
        {
            // Work on it is under way: Done adds it to the order.
            if (_waiting.Add(key) && !_working.Contains(key)) Enqueue(key);
        }
    }

    /// <summary>Asks for work on a key after a while. Of several times the earliest counts.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }

        lock (_lock)
        {
            var due = time.GetUtcNow() + delay;
            if (_delayed.TryGetValue(key, out var planned))
            {
                if (planned.Due <= due) return;
                planned.Timer.Dispose();
            }

            _delayed[key] = (time.CreateTimer(_ => Due(key), null, delay, Timeout.InfiniteTimeSpan), due);
        }
    }

    /// <summary>Waits for a key and takes it. Call <see cref="Done"/> when the work on it is finished, well or not.</summary>
    public async Task<TKey> TakeAsync(CancellationToken cancellationToken)
    {
        await _available.WaitAsync(cancellationToken);
        lock (_lock)
        {
            var key = _order.Dequeue();
            _waiting.Remove(key);
            _working.Add(key);
            return key;
        }
    }

    /// <summary>The work on a key is finished; if it was added meanwhile, it is taken again.</summary>
    public void Done(TKey key)
    {
        lock (_lock)
        {
            if (_working.Remove(key) && _waiting.Contains(key)) Enqueue(key);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var (timer, _) in _delayed.Values) timer.Dispose();
            _delayed.Clear();
        }

        _available.Dispose();
    }

    private void Enqueue(TKey key)
    {
        _order.Enqueue(key);
        _available.Release();
    }

    private void Due(TKey key)
    {
        lock (_lock)
        {
            if (!_delayed.Remove(key, out var planned)) return;
            planned.Timer.Dispose();
        }

        Add(key);
    }
}
