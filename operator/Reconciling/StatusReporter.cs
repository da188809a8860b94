using System.Collections.Concurrent;
using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Applying;
using Wagi.Operator.Informers;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Reconciling;

/// <summary>
/// Writes the statuses and events of the latest plan. It has a loop of its own, so that the next ConfigMap does not wait for a long round of
/// writes; a round gives way to the next plan, whose statuses replace those that have not been written.
/// </summary>
/// <param name="modules">The WagiModules as they are now.</param>
/// <param name="statuses">Writes statuses.</param>
/// <param name="events">Writes events.</param>
internal sealed class StatusReporter(Informer<WagiModule> modules, StatusWriter statuses, EventRecorder events)
{
    private const int ParallelWrites = 8;

    private volatile Planned? _latest;
    private volatile Verdict? _last;

    /// <summary>Raised when there is something to report. Handlers must not block.</summary>
    public event Action? Pending;

    /// <summary>Raised when a WagiModule was replaced, or has another status, since it was planned for: its status has to come from another plan.</summary>
    public event Action? Outdated;

    /// <summary>Has a plan reported, instead of any older one.</summary>
    /// <param name="input">What it was made from.</param>
    /// <param name="plan">The plan, after its <c>modules.toml</c> and Secret have been written.</param>
    public void Report(PlanInput input, Plan plan)
    {
        _latest = new Planned(input.Modules.ToDictionary(module => module.Key), plan.Verdicts);
        Pending?.Invoke();
    }

    /// <summary>Leaves unreported what has not been reported.</summary>
    public void Forget() => _latest = null;

    /// <summary>One round. A status that the API server refuses keeps none of the others from being written.</summary>
    /// <returns>Null: there is nothing to do before <see cref="Pending"/>.</returns>
    /// <exception cref="ApiServerException">The API server refused something; try again.</exception>
    /// <exception cref="HttpRequestException">The API server cannot be reached; try again.</exception>
    public async Task<TimeSpan?> WriteAsync(CancellationToken cancellationToken)
    {
        if (_latest is not { } planned)
        {
            return null;
        }

        var refused = new ConcurrentQueue<ApiServerException>();
        var isOutdated = false;
        await Parallel.ForEachAsync(
            InTurn(planned),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelWrites, CancellationToken = cancellationToken },
            async (verdict, token) =>
            {
                var module = planned.Modules[verdict.Key];
                if (!IsAbout(module, modules.Objects.GetValueOrDefault(verdict.Key)))
                {
                    isOutdated = true;
                    return;
                }

                _last = verdict;
                try
                {
                    await WriteAsync(module, verdict, token);
                }
                catch (ApiServerException exception) when (exception.RetryAfter is null)
                {
                    refused.Enqueue(exception);
                }
            });
        if (isOutdated)
        {
            Outdated?.Invoke();
        }

        if (refused.TryPeek(out var first))
        {
            throw new ApiServerException(first.StatusCode, first.Reason, $"{refused.Count} statuses could not be written; the first: {first.Message}");
        }

        Interlocked.CompareExchange(ref _latest, null, planned);
        return null;
    }

    private async Task WriteAsync(WagiModule module, Verdict verdict, CancellationToken cancellationToken)
    {
        if (!await statuses.WriteAsync(module, verdict.Status, cancellationToken))
        {
            return;
        }

        foreach (var happened in verdict.Events)
        {
            await events.RecordAsync(module, happened, cancellationToken);
        }
    }

    /// <summary>What there is to write, until there is a newer plan: from where the last round ended, so that short rounds reach everybody.</summary>
    private IEnumerable<Verdict> InTurn(Planned planned) => planned.Verdicts
        .Where(verdict => verdict.StatusChanged && !IsStillAsking(planned.Modules[verdict.Key], verdict))
        .OrderBy(verdict => _last is { } last && ObjectKey.Order.Compare(verdict.Key, last.Key) <= 0)
        .TakeWhile(_ => ReferenceEquals(_latest, planned));

    /// <summary>
    /// Whether the registry is asked for something that the status reports already, as after a start: asking again is no news.
    /// </summary>
    private static bool IsStillAsking(WagiModule module, Verdict verdict) =>
        verdict.Condition(ConditionType.Resolved) is { Reason: ConditionReason.Resolving } resolving
        && module.Status?.Conditions?.FirstOrDefault(condition => condition.Type == ConditionType.Resolved) is { } told
        && told.ObservedGeneration == resolving.ObservedGeneration;

    /// <summary>
    /// Whether what was planned for a WagiModule can be told to the one that there is now. Its spec may be newer, which the status says by its
    /// generation: whoever edits faster than plans are made is told something too.
    /// </summary>
    private static bool IsAbout(WagiModule planned, WagiModule? current) =>
        ReferenceEquals(planned, current)
        || (current is not null && current.Metadata.Uid == planned.Metadata.Uid
            && (planned.Status?.IsWrittenAs(current.Status) ?? current.Status is null));

    /// <summary>What a plan says of the WagiModules that it was made from.</summary>
    private sealed record Planned(IReadOnlyDictionary<ObjectKey, WagiModule> Modules, ImmutableArray<Verdict> Verdicts);
}
