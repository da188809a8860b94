namespace Wagi.Runtime.Guests;

/// <summary>
/// Limits how many callers are in at the same time. Some more may wait for a place, up to a timeout; the rest are turned away at once. Those
/// who wait are let in in turn, one of each tenant, so that the number that one tenant brings does not keep the others waiting.
/// </summary>
internal sealed class ConcurrencyGate(int concurrency, int queue)
{
    private readonly Lock _lock = new();

    /// <summary>Tenants with callers that wait.</summary>
    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);

    /// <summary>The same, whose turn is next first.</summary>
    private readonly LinkedList<Tenant> _turns = [];

    private int _inside;
    private int _waiting;

    /// <summary>Callers that are in.</summary>
    public int Inside => Volatile.Read(ref _inside);

    /// <summary>Callers that wait.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether a caller would be turned away now.</summary>
    public bool IsFull => Inside >= concurrency && Waiting >= queue;

    /// <summary>Whether half of the places would be free if one more were taken now.</summary>
    public bool IsHalfFree => (Inside + 1) * 2 <= concurrency && Waiting == 0;

    /// <summary>Enters if that needs no waiting and overtakes nobody who waits.</summary>
    public bool TryEnter() => Waiting == 0 && TryTake();

    /// <summary>Waits for a place; false: turned away, because too many wait already or the time is up.</summary>
    /// <param name="tenant">Whose the caller is.</param>
    /// <param name="timeout">How long it waits.</param>
    /// <param name="cancellationToken">Signalled when the caller goes.</param>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<bool> EnterAsync(string tenant, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (Join(tenant) is not { } waiter)
        {
            return TryEnter();
        }

        await waiter.Admitted.Task.WaitAsync(timeout, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        return IsIn(waiter, cancellationToken);
    }

    /// <summary>As <see cref="EnterAsync"/>, and blocks meanwhile: whoever gives its place back wakes the thread, and needs no other for that.</summary>
    public bool Enter(string tenant, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (Join(tenant) is not { } waiter)
        {
            return TryEnter();
        }

        try
        {
            waiter.Admitted.Task.Wait((int)Math.Min(timeout.TotalMilliseconds, int.MaxValue), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Seen below.
        }

        return IsIn(waiter, cancellationToken);
    }

    /// <summary>Blocks until there is a place.</summary>
    public void Enter()
    {
        if (!TryEnter())
        {
            Enter("", Timeout.InfiniteTimeSpan, CancellationToken.None);
        }
    }

    /// <summary>Gives the place back.</summary>
    public void Leave()
    {
        // First the place, then a look at who waits: who comes to wait does it the other way round, so that one of the two sees the other.
        Interlocked.Decrement(ref _inside);
        if (Waiting > 0)
        {
            lock (_lock)
            {
                Admit();
            }
        }
    }

    /// <summary>After the wait of a caller: who is let in in the moment in which it gives up is in.</summary>
    private bool IsIn(Waiter waiter, CancellationToken cancellationToken)
    {
        if (!TryWithdraw(waiter))
        {
            return true;
        }

        cancellationToken.ThrowIfCancellationRequested();
        return false;
    }

    private bool TryTake()
    {
        var inside = Inside;
        while (inside < concurrency)
        {
            var seen = Interlocked.CompareExchange(ref _inside, inside + 1, inside);
            if (seen == inside)
            {
                return true;
            }

            inside = seen;
        }

        return false;
    }

    /// <summary>Null when too many wait.</summary>
    private Waiter? Join(string name)
    {
        lock (_lock)
        {
            if (_waiting >= queue)
            {
                return null;
            }

            if (!_tenants.TryGetValue(name, out var tenant))
            {
                _tenants.Add(name, tenant = new Tenant(name));
                _turns.AddLast(tenant.Turn);
            }

            var waiter = new Waiter(tenant);
            tenant.Waiting.AddLast(waiter.Node);
            Interlocked.Increment(ref _waiting);
            Admit();
            return waiter;
        }
    }

    /// <summary>Lets in whose turn it is, as long as there are places.</summary>
    private void Admit()
    {
        while (_turns.First is { } turn && TryTake())
        {
            // Behind all others, if more of its own wait.
            _turns.Remove(turn);
            _turns.AddLast(turn);
            var waiter = turn.Value.Waiting.First!.Value;
            Remove(waiter);
            waiter.Admitted.SetResult();
        }
    }

    /// <summary>False when it has been let in.</summary>
    private bool TryWithdraw(Waiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Node.List is null)
            {
                return false;
            }

            Remove(waiter);
            return true;
        }
    }

    private void Remove(Waiter waiter)
    {
        var tenant = waiter.Tenant;
        tenant.Waiting.Remove(waiter.Node);
        Interlocked.Decrement(ref _waiting);
        if (tenant.Waiting.Count == 0)
        {
            _tenants.Remove(tenant.Name);
            _turns.Remove(tenant.Turn);
        }
    }

    private sealed class Tenant
    {
        public Tenant(string name)
        {
            Name = name;
            Turn = new LinkedListNode<Tenant>(this);
        }

        public string Name { get; }

        public LinkedListNode<Tenant> Turn { get; }

        public LinkedList<Waiter> Waiting { get; } = [];
    }

    private sealed class Waiter
    {
        public Waiter(Tenant tenant)
        {
            Tenant = tenant;
            Node = new LinkedListNode<Waiter>(this);
        }

        public Tenant Tenant { get; }

        /// <summary>Its place among those of its tenant; in no list once it waits no more.</summary>
        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
