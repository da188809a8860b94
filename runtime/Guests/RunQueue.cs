using Wagi.Runtime.Transport;

namespace Wagi.Runtime.Guests;

/// <summary>
/// The order in which guests begin while the threads have more to do than they can. They work off what comes first, so that whoever
/// sends a hundred requests at a time keeps everybody else behind all of them. Then requests that are ready wait here instead, and a few
/// workers, no more than there are processors, take the next one of the tenant whose guests have had the least time.
/// </summary>
/// <remarks>
/// Modules whose runs are short begin without a turn (<see cref="TypicalTime"/>): it would cost more than they do. While those of another tenant
/// come, there is one worker less, and none on the <see cref="SparedProcessor"/>.
/// <para/>
/// Start-time fair queueing (Goyal, Vin, Cheng: "Start-time Fair Queueing", SIGCOMM 1996) with equal weights: a tenant that comes back after
/// a pause starts where the others are, so that nobody saves up time.
/// </remarks>
internal sealed class RunQueue : IThreadPoolWorkItem
{
    /// <summary>How long work may wait for a thread before guests wait here.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromMilliseconds(0.5);

    /// <summary>How long nothing may wait before guests need not wait for their turn: many clients that wait for answers pause together.</summary>
    private static readonly TimeSpan Lull = TimeSpan.FromSeconds(1);

    /// <summary>How long a processor is kept for short requests after one: their clients pause as well.</summary>
    private static readonly TimeSpan Attention = TimeSpan.FromMilliseconds(100);

    /// <summary>Tenants that are remembered before those are looked for that need not be.</summary>
    private const int ManyTenants = 256;

    [ThreadStatic]
    private static Turn? _current;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly int _maxWorkers;
    private readonly Action<IThreadPoolWorkItem> _post;
    private readonly Probe _probe;
    private readonly Probe? _poolProbe;
    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);

    /// <summary>Tenants of which a request waits, by the time that they have had.</summary>
    private readonly PriorityQueue<Tenant, long> _waiting = new();

    private long _busySince;

    // Whose guest a worker has taken last, and when a short one of somebody else began; 0: none has.
    private volatile string _running = "";
    private long _shortSince;
    private long _now;
    private int _workers;
    private int _waiters;
    private volatile bool _isBusy;
    private volatile bool _isPoolUsed;

    /// <param name="processors">How many processors there are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="post">Gives work to the threads on which most requests are ready, behind all that is there; null: they are those of the pool.</param>
    /// <param name="postToPool">The same for the pool.</param>
    public RunQueue(int processors, TimeProvider time, Action<IThreadPoolWorkItem>? post = null, Action<IThreadPoolWorkItem>? postToPool = null)
    {
        _time = time;
        _maxWorkers = processors;
        postToPool ??= ToPool;
        _post = post ?? postToPool;
        _probe = new Probe(this, _post);
        _poolProbe = post is null ? null : new Probe(this, postToPool);
    }

    private static void ToPool(IThreadPoolWorkItem item) => ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);

    /// <summary>Whether guests are to wait for their turn before they begin.</summary>
    public bool IsBusy => _isBusy;

    /// <summary>Requests that wait.</summary>
    public int Waiting => Volatile.Read(ref _waiters);

    /// <summary>Tenants that are remembered.</summary>
    internal int Tenants => _tenants.Count;

    /// <summary><see cref="IsBusy"/>, for a guest that is ready on this thread. Asked for each request, so it costs nothing.</summary>
    public bool IsBusyHere()
    {
        // As long as none is ready on the pool, nobody cares how late it is, and a look would wake one of its threads each time.
        if (!_isPoolUsed && !RequestThreads.IsCurrent)
        {
            _isPoolUsed = true;
        }

        return _isBusy;
    }

    /// <summary>Looks how long the threads let work wait. To be called every few milliseconds while guests run.</summary>
    public void Observe()
    {
        var isLate = _probe.IsLate();
        if (_poolProbe is { } pool && (_isPoolUsed || pool.IsOnItsWay))
        {
            _isPoolUsed = false;
            isLate |= pool.IsLate();
        }

        if (isLate || Waiting > 0)
        {
            Busy();
        }
        else if (_isBusy && _time.GetElapsedTime(Volatile.Read(ref _busySince)) > Lull)
        {
            _isBusy = false;
        }
    }

    private void Busy()
    {
        Volatile.Write(ref _busySince, _time.GetTimestamp());
        _isBusy = true;
    }

    /// <summary>Completes when it is the turn of a request. What follows runs at once, on the thread that completes it.</summary>
    /// <param name="tenant">Whose the request is.</param>
    public Task WaitAsync(string tenant)
    {
        // Continued where it is completed: that is what a worker is for.
        var waiter = new TaskCompletionSource();
        lock (_lock)
        {
            var owner = TenantOf(tenant);
            owner.Waiting.Enqueue(waiter);
            _waiters++;
            if (owner.Waiting.Count == 1)
            {
                owner.Had = Math.Max(owner.Had, _now);
                _waiting.Enqueue(owner, owner.Had);
            }

            AddWorker();
        }

        return waiter.Task;
    }

    /// <summary>A short guest begins, without a turn.</summary>
    /// <param name="tenant">Whose it is.</param>
    public void Pass(string tenant)
    {
        if (tenant != _running)
        {
            Volatile.Write(ref _shortSince, _time.GetTimestamp());
        }
    }

    /// <summary>The guest on this thread takes its time, or waits for something: the next may begin meanwhile.</summary>
    public void Detach()
    {
        if (_current is { } turn)
        {
            _current = null;
            End(turn);
        }
    }

    /// <inheritdoc/>
    void IThreadPoolWorkItem.Execute()
    {
        if (Next() is not var (turn, waiter))
        {
            return;
        }

        _current = turn;
        if (KeepsProcessor())
        {
            SparedProcessor.Avoid();
        }

        waiter.SetResult();
        Detach();
        SparedProcessor.Release();
    }

    /// <summary>Whether one processor is for short guests, because one of another tenant than that of the workers' guests has begun lately.</summary>
    private bool KeepsProcessor() =>
        _maxWorkers > 1 && Volatile.Read(ref _shortSince) is var since and not 0 && _time.GetElapsedTime(since) < Attention;

    /// <summary>Whose turn it is; null: nobody waits, and the worker ends.</summary>
    private (Turn Turn, TaskCompletionSource Waiter)? Next()
    {
        lock (_lock)
        {
            if (!_waiting.TryDequeue(out var tenant, out _now))
            {
                _workers--;
                return null;
            }

            var waiter = tenant.Waiting.Dequeue();
            _running = tenant.Name;
            Volatile.Write(ref _waiters, _waiters - 1);

            // What it will take is not known before it is over; until then it counts as much as the last ones did.
            var estimate = tenant.Mean;
            tenant.Had += estimate;
            tenant.Running++;
            if (tenant.Waiting.Count > 0)
            {
                _waiting.Enqueue(tenant, tenant.Had);
            }

            return (new Turn(tenant, _time.GetTimestamp(), estimate), waiter);
        }
    }

    private void End(Turn turn)
    {
        var taken = _time.GetTimestamp() - turn.Since;
        lock (_lock)
        {
            var tenant = turn.Tenant;
            tenant.Had += taken - turn.Estimate;
            tenant.Mean += (taken - tenant.Mean) / 8;
            tenant.Running--;
            _workers--;
            AddWorker();
            if (_workers == 0)
            {
                // Nobody waits: from here on all are equal again.
                _tenants.Clear();
            }
        }
    }

    /// <summary>Behind what else the threads have to do: requests that are short to read, and answers that are short to send.</summary>
    private void AddWorker()
    {
        var workers = KeepsProcessor() ? _maxWorkers - 1 : _maxWorkers;
        if (_workers < workers && _workers < _waiters)
        {
            _workers++;
            _post(this);
        }
    }

    private Tenant TenantOf(string name)
    {
        if (_tenants.TryGetValue(name, out var tenant))
        {
            return tenant;
        }

        if (_tenants.Count >= ManyTenants)
        {
            foreach (var (other, _) in _tenants.Where(pair => pair.Value.IsIdle && pair.Value.Had <= _now).ToList())
            {
                _tenants.Remove(other);
            }
        }

        tenant = new Tenant(name);
        _tenants.Add(name, tenant);
        return tenant;
    }

    private sealed class Tenant(string name)
    {
        public string Name { get; } = name;

        public Queue<TaskCompletionSource> Waiting { get; } = new();

        /// <summary>Guests of it that a worker runs.</summary>
        public int Running { get; set; }

        /// <summary>The time that its guests have had, in ticks of the clock.</summary>
        public long Had { get; set; }

        /// <summary>What one of them took lately.</summary>
        public long Mean { get; set; }

        public bool IsIdle => Running == 0 && Waiting.Count == 0;
    }

    /// <summary>A guest that a worker runs.</summary>
    private sealed record Turn(Tenant Tenant, long Since, long Estimate);

    /// <summary>Work that does nothing but say how long it waited.</summary>
    private sealed class Probe(RunQueue queue, Action<IThreadPoolWorkItem> post) : IThreadPoolWorkItem
    {
        private long _sent;

        public bool IsOnItsWay => Volatile.Read(ref _sent) != 0;

        /// <summary>Whether the one that is on its way is late. Sends one if there is none.</summary>
        public bool IsLate()
        {
            if (Volatile.Read(ref _sent) is var sent and not 0)
            {
                return queue._time.GetElapsedTime(sent) > MaxDelay;
            }

            Volatile.Write(ref _sent, queue._time.GetTimestamp());
            post(this);
            return false;
        }

        public void Execute()
        {
            var delay = queue._time.GetElapsedTime(_sent);
            Volatile.Write(ref _sent, 0);
            if (delay > MaxDelay)
            {
                queue.Busy();
            }
        }
    }
}
