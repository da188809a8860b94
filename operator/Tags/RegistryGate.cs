using Wagi.Modules.Retries;
using Wagi.Operator.Loops;

namespace Wagi.Operator.Tags;

/// <summary>
/// The way to one registry. It lets some questions in at a time, and namespaces take turns, so that one with many tags delays no other. After
/// some failures of the registry itself in a row it is shut: then one question at a time tries, with growing pauses, until one is answered.
/// </summary>
/// <remarks>
/// The pauses stay short, and whose turn it is counts for the tries too: what fails may be one tenant's part of a registry that serves others.
/// </remarks>
/// <param name="options">How many questions, and how long the pauses.</param>
/// <param name="time">The clock.</param>
internal sealed class RegistryGate(ResolverOptions options, TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Visit> _waiting = [];
    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);
    private readonly Backoff _pauses = new(options.FirstProbe, options.LongestProbe);
    private readonly long _begun = time.GetTimestamp();
    private ITimer? _reopening;
    private TimeSpan _nextProbe;
    private string? _trouble;
    private int _underWay;
    private int _failures;
    private long _turns;

    /// <summary>Why the registry is asked by one question at a time, a reason; null while all is well.</summary>
    public string? Trouble
    {
        get
        {
            lock (_lock)
            {
                return _trouble;
            }
        }
    }

    /// <summary>Questions that have entered and not left.</summary>
    public int UnderWay
    {
        get
        {
            lock (_lock)
            {
                return _underWay;
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_begun);

    /// <summary>Waits until a question may be asked. Every visit ends with <see cref="Leave"/>.</summary>
    /// <param name="namespaces">Who wants to know; at least one.</param>
    /// <param name="onShut">Told the reason when the question has to wait because the registry fails. It must not block.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Visit> EnterAsync(IReadOnlyCollection<string> namespaces, Action<string> onShut, CancellationToken cancellationToken)
    {
        var visit = new Visit(namespaces, onShut);
        string? trouble;
        lock (_lock)
        {
            _waiting.Add(visit);
            Admit();
            trouble = visit.Entered.Task.IsCompleted ? null : _trouble;
        }

        if (trouble is not null)
        {
            onShut(trouble);
        }

        await using (cancellationToken.Register(() => Abandon(visit)))
        {
            return await visit.Entered.Task;
        }
    }

    /// <summary>Ends a visit.</summary>
    /// <param name="visit">Which.</param>
    /// <param name="outcome">What it says about the registry.</param>
    /// <param name="reason">The reason, for <see cref="VisitOutcome.RegistryFailed"/>.</param>
    /// <returns>Whether the registry has been shut by it, or opened; null: neither.</returns>
    public bool? Leave(Visit visit, VisitOutcome outcome, string reason = "")
    {
        bool? shut = null;
        List<Visit> told = [];
        lock (_lock)
        {
            _underWay--;
            if (outcome == VisitOutcome.Answered)
            {
                shut = _trouble is null ? null : false;
                _failures = 0;
                _trouble = null;
                _pauses.Reset();
            }
            else if (outcome == VisitOutcome.RegistryFailed && ++_failures >= options.FailuresInARow && (_trouble is null || visit.IsProbe))
            {
                if (_trouble is null)
                {
                    shut = true;
                    told = [.. _waiting];
                }

                _trouble = reason;
                var pause = _pauses.Next();
                _nextProbe = Now + pause;
                _reopening?.Dispose();
                _reopening = time.CreateTimer(_ => AdmitLater(), null, pause, Timeout.InfiniteTimeSpan);
            }

            Admit();
        }

        told.ForEach(waiting => waiting.OnShut(reason));
        return shut;
    }

    /// <summary>
    /// Whether one of the namespaces has a question to spare beyond the normal interval; one of them then has one less. It comes back after the
    /// interval: so in the long run a namespace asks a registry no more often than if it had one more tag there.
    /// </summary>
    public bool TrySpendQuickRetry(IEnumerable<string> namespaces)
    {
        lock (_lock)
        {
            return namespaces.Any(name => TenantOf(name).QuickRetries.TrySpend(1));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _reopening?.Dispose();
        }
    }

    private void AdmitLater()
    {
        lock (_lock)
        {
            Admit();
        }
    }

    private void Admit()
    {
        while (_waiting.Count > 0 && (_trouble is null ? _underWay < options.ParallelPerRegistry : _underWay == 0 && Now >= _nextProbe))
        {
            // Whoever has waited longest of those whose namespace's turn is longest ago.
            var (next, tenant) = _waiting.Select(visit => (Visit: visit, Tenant: visit.Namespaces.Select(TenantOf).MinBy(tenant => tenant.LastTurn)!))
                .MinBy(waiting => waiting.Tenant.LastTurn);
            _waiting.Remove(next);
            tenant.LastTurn = ++_turns;
            _underWay++;
            next.IsProbe = _trouble is not null;
            next.Entered.TrySetResult(next);
        }
    }

    private void Abandon(Visit visit)
    {
        lock (_lock)
        {
            if (_waiting.Remove(visit))
            {
                visit.Entered.TrySetCanceled();
            }
        }
    }

    private Tenant TenantOf(string name)
    {
        if (!_tenants.TryGetValue(name, out var tenant))
        {
            _tenants[name] = tenant = new Tenant(new TokenBucket(options.QuickRetries, 1 / options.Interval.TotalSeconds, time));
        }

        return tenant;
    }

    private sealed class Tenant(TokenBucket quickRetries)
    {
        public long LastTurn { get; set; }

        public TokenBucket QuickRetries { get; } = quickRetries;
    }
}

/// <summary>One question at the gate of its registry.</summary>
internal sealed class Visit(IReadOnlyCollection<string> namespaces, Action<string> onShut)
{
    public IReadOnlyCollection<string> Namespaces { get; } = namespaces;

    public Action<string> OnShut { get; } = onShut;

    public TaskCompletionSource<Visit> Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether it is to find out if a registry that failed is well again.</summary>
    public bool IsProbe { get; set; }
}

/// <summary>What a question says about the registry that was asked.</summary>
internal enum VisitOutcome
{
    /// <summary>It works, whatever it answered.</summary>
    Answered,

    /// <summary>It did not answer, or not as a registry does.</summary>
    RegistryFailed,

    /// <summary>Nothing: it limits the rate, or the question was given up.</summary>
    Nothing,
}
