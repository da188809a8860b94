using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Planning;
using Wagi.Operator.Reconciling;
using Wagi.Operator.Runtimes;
using Wagi.Operator.Tags;

namespace Wagi.Operator.Instance;

/// <summary>What an instance does while it leads: it follows the runtimes, reconciles and reports.</summary>
/// <param name="options">Where the runtimes are.</param>
/// <param name="informers">What is known of the cluster.</param>
/// <param name="ownClass">The class that is served.</param>
/// <param name="runtimes">Asks the runtimes.</param>
/// <param name="tags">Asks the registries.</param>
/// <param name="reconciler">Plans and applies.</param>
/// <param name="loop">Calls the reconciler.</param>
/// <param name="reporting">Writes statuses.</param>
/// <param name="telling">Annotates the runtime pods; null where runtimes are not pods.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears of the beginning.</param>
internal sealed partial class Leader(
    OperatorOptions options,
    OperatorInformers informers,
    OwnClass ownClass,
    RuntimePoller runtimes,
    TagResolver tags,
    ModulesReconciler reconciler,
    ReconcileLoop loop,
    ReconcileLoop reporting,
    ReconcileLoop? telling,
    TimeProvider time,
    ILogger<Leader> logger)
{
    /// <summary>How long a new leader waits for the runtimes' first answers before it reports, so that it does not call modules not ready that are.</summary>
    private static readonly TimeSpan FirstAnswers = TimeSpan.FromSeconds(5);

    private readonly Lock _following = new();
    private volatile bool _leads;
    private volatile Supervisor? _term;

    /// <summary>Whether this instance leads and has begun to reconcile.</summary>
    public bool Leads => _leads;

    /// <summary>Why its work does not get on, as a sentence; null while it does, and while another instance leads.</summary>
    public string? Stalled => _term?.Stalled;

    /// <summary>Leads until cancelled.</summary>
    /// <exception cref="LoopEndedException">One of its loops ended before that.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Nothing may be written from an incomplete picture: it would look as if modules had been deleted.
            await informers.SyncedAsync(cancellationToken);
            _leads = true;
            reconciler.Forget();
            FollowRuntimes();
            LogReconciling(logger, informers.Modules.Objects.Count, options.Namespace, options.ConfigMap);
            var term = new Supervisor(time);
            term.Add("the reconcile loop", ReconcileLoop.MaxSilence, loop.RunAsync);
            term.Add("the reporting of statuses", ReconcileLoop.MaxSilence, ReportAsync);
            if (telling is not null)
            {
                term.Add("the annotation of pods", ReconcileLoop.MaxSilence, telling.RunAsync);
            }

            _term = term;
            await term.RunAsync(cancellationToken);
        }
        finally
        {
            _term = null;
            lock (_following)
            {
                _leads = false;
                runtimes.Follow(ImmutableDictionary<RuntimeEndpoint, bool>.Empty);
            }

            tags.Follow(ImmutableHashSet<ResolutionRequest>.Empty, ImmutableDictionary<ObjectKey, SecretContent?>.Empty);
        }
    }

    /// <summary>Says which runtimes there are now, if this instance leads.</summary>
    public void FollowRuntimes()
    {
        // One at a time, so that an older list never replaces a newer one.
        lock (_following)
        {
            if (!_leads)
            {
                return;
            }

            runtimes.Follow(informers.Pods is null
                ? options.Runtimes.Select(RuntimeEndpoint.At).Distinct().ToDictionary(endpoint => endpoint, _ => true)
                : informers.Pods.Objects.Values.Where(pod => pod.IsRunning && ownClass.Selects(pod.Metadata.Labels))
                    .ToDictionary(pod => RuntimeEndpoint.Of(pod, options.RuntimeAdminPort), pod => pod.IsReady));
        }

        loop.Trigger();
    }

    private async Task ReportAsync(LoopProgress progress, CancellationToken cancellationToken)
    {
        await FirstAnswersAsync(cancellationToken);
        reconciler.BeginReporting();
        loop.Trigger();
        await reporting.RunAsync(progress, cancellationToken);
    }

    private async Task FirstAnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await runtimes.AskedAsync(cancellationToken).WaitAsync(FirstAnswers, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Those that hang are reported as unreachable.
        }
    }

    [LoggerMessage(EventId = 801, Level = LogLevel.Information, Message = "Serving {Count} WagiModules through ConfigMap {Namespace}/{ConfigMap}")]
    private static partial void LogReconciling(ILogger logger, int count, string @namespace, string configMap);
}
