namespace Wagi.Runtime.Sharing;

/// <summary>
/// Limits how many are in at the same time, all tenants together and each by itself. Who waits is let in in turn: one of each tenant, the
/// smallest of its own first, so that neither the number nor the size of what one tenant brings keeps the others waiting.
/// </summary>
/// <param name="places">How many may be in; where they take more than one place each, how many places there are.</param>
/// <param name="placesOfTenant">How many of one tenant may be in, or how many places it may take.</param>
internal sealed class TenantGate(long places, long placesOfTenant)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);

    /// <summary>Tenants that wait for something, whose turn is next first.</summary>
    private readonly LinkedList<Tenant> _turns = [];

    private long _inside;
    private long _arrivals;

    /// <summary>Waits for a place, which is taken until what is returned is disposed.</summary>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="size">What is compared among those of one tenant.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IDisposable> EnterAsync(string tenant, long size, CancellationToken cancellationToken) => EnterAsync(tenant, size, 1, cancellationToken);

    /// <summary>Waits for as many places as it has size. One that is larger than what a tenant may take is let in when the tenant has nothing else in.</summary>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="size">How many places it takes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<IDisposable> EnterBySizeAsync(string tenant, long size, CancellationToken cancellationToken) =>
        EnterAsync(tenant, size, Math.Clamp(size, 1, placesOfTenant), cancellationToken);

    private async Task<IDisposable> EnterAsync(string tenant, long size, long weight, CancellationToken cancellationToken)
    {
        var entry = Join(tenant, size, weight);
        try
        {
            await entry.Admitted.Task.WaitAsync(cancellationToken);
            return entry;
        }
        catch
        {
            // It may be let in in this very moment, and then gives its place back.
            entry.Dispose();
            throw;
        }
    }

    private Entry Join(string name, long size, long weight)
    {
        lock (_lock)
        {
            if (!_tenants.TryGetValue(name, out var tenant))
            {
                _tenants.Add(name, tenant = new Tenant(name));
            }

            var entry = new Entry(this, tenant, weight);
            tenant.Waiting.Enqueue(entry, (size, _arrivals++));
            if (tenant.Turn.List is null)
            {
                _turns.AddLast(tenant.Turn);
            }

            Admit();
            return entry;
        }
    }

    private void Admit()
    {
        var next = _turns.First;
        while (next is not null && _inside < places)
        {
            var (turn, tenant) = (next, next.Value);
            next = next.Next;
            if (tenant.NextEntry() is not { } entry)
            {
                _turns.Remove(turn);
                Forget(tenant);
                continue;
            }

            if (entry.Weight > placesOfTenant - tenant.Inside)
            {
                continue;
            }

            if (entry.Weight > places - _inside)
            {
                // It is its turn: smaller ones of others would keep it waiting for ever.
                break;
            }

            tenant.Waiting.Dequeue();
            tenant.Inside += entry.Weight;
            _inside += entry.Weight;
            entry.State = EntryState.Inside;
            entry.Admitted.SetResult();

            // Behind all others; and in its turn again, if there are places for more than one each.
            _turns.Remove(turn);
            _turns.AddLast(turn);
            next ??= _turns.First;
        }
    }

    private void Leave(Entry entry)
    {
        lock (_lock)
        {
            var wasInside = entry.State == EntryState.Inside;
            entry.State = EntryState.Gone;
            if (wasInside)
            {
                entry.Tenant.Inside -= entry.Weight;
                _inside -= entry.Weight;
                Admit();
            }

            Forget(entry.Tenant);
        }
    }

    private void Forget(Tenant tenant)
    {
        if (tenant.Inside == 0 && tenant.Turn.List is null)
        {
            _tenants.Remove(tenant.Name);
        }
    }

    private enum EntryState
    {
        Waiting,
        Inside,
        Gone,
    }

    private sealed class Tenant
    {
        public Tenant(string name)
        {
            Name = name;
            Turn = new LinkedListNode<Tenant>(this);
        }

        public string Name { get; }

        /// <summary>Its place among those whose turn comes; in no list while it waits for nothing.</summary>
        public LinkedListNode<Tenant> Turn { get; }

        public PriorityQueue<Entry, (long Size, long Arrival)> Waiting { get; } = new();

        /// <summary>Places that it has.</summary>
        public long Inside { get; set; }

        /// <summary>The next that still waits; those before it that have given up are forgotten.</summary>
        public Entry? NextEntry()
        {
            while (Waiting.TryPeek(out var entry, out _))
            {
                if (entry.State == EntryState.Waiting)
                {
                    return entry;
                }

                Waiting.Dequeue();
            }

            return null;
        }
    }

    private sealed class Entry(TenantGate owner, Tenant tenant, long weight) : IDisposable
    {
        public Tenant Tenant => tenant;

        /// <summary>Places that it takes.</summary>
        public long Weight => weight;

        public EntryState State { get; set; }

        public TaskCompletionSource Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose() => owner.Leave(this);
    }
}
