namespace Wagi.Runtime.Sharing;

/// <summary>
/// Limits how many are in at the same time, all tenants together and each by itself. Who waits is let in in turn: one of each tenant, the
/// smallest of its own first, so that neither the number nor the size of what one tenant brings keeps the others waiting.
/// </summary>
/// <param name="places">How many may be in.</param>
/// <param name="placesOfTenant">How many of one tenant may be in.</param>
internal sealed class TenantGate(int places, int placesOfTenant)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);

    /// <summary>Tenants that wait for something, whose turn is next first.</summary>
    private readonly LinkedList<Tenant> _turns = [];

    private int _inside;
    private long _arrivals;

    /// <summary>Waits for a place, which is taken until what is returned is disposed.</summary>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="size">What is compared among those of one tenant.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IDisposable> EnterAsync(string tenant, long size, CancellationToken cancellationToken)
    {
        var entry = Join(tenant, size);
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

    private Entry Join(string name, long size)
    {
        lock (_lock)
        {
            if (!_tenants.TryGetValue(name, out var tenant))
            {
                _tenants.Add(name, tenant = new Tenant(name));
            }

            var entry = new Entry(this, tenant);
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
            if (tenant.Inside == placesOfTenant)
            {
                continue;
            }

            if (tenant.NextEntry() is not { } entry)
            {
                _turns.Remove(turn);
                Forget(tenant);
                continue;
            }

            tenant.Inside++;
            _inside++;
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
                entry.Tenant.Inside--;
                _inside--;
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

        public int Inside { get; set; }

        /// <summary>The next that still waits.</summary>
        public Entry? NextEntry()
        {
            while (Waiting.TryDequeue(out var entry, out _))
            {
                if (entry.State == EntryState.Waiting)
                {
                    return entry;
                }
            }

            return null;
        }
    }

    private sealed class Entry(TenantGate owner, Tenant tenant) : IDisposable
    {
        public Tenant Tenant => tenant;

        public EntryState State { get; set; }

        public TaskCompletionSource Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose() => owner.Leave(this);
    }
}
