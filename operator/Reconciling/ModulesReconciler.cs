using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Applying;
using Wagi.Operator.Informers;
using Wagi.Operator.Metrics;
using Wagi.Operator.Planning;
using Wagi.Operator.Runtimes;
using Wagi.Operator.Tags;
using Wagi.Operator.Values;

namespace Wagi.Operator.Reconciling;

/// <summary>
/// Brings the runtimes in line with all WagiModules: reads what there is, plans, and writes what the runtimes read. What there is to report
/// is left to <see cref="StatusReporter"/>, and the kubelets to <see cref="PodAnnotator"/>, so that no ConfigMap waits for a status or a pod.
/// </summary>
/// <param name="modules">The WagiModules.</param>
/// <param name="ownClass">The class that is served.</param>
/// <param name="reportClass">Reports what became of the class.</param>
/// <param name="secrets">The Secrets that they name.</param>
/// <param name="configMaps">The ConfigMaps that they name.</param>
/// <param name="tags">The digests of the tags that they name.</param>
/// <param name="runtimes">What the runtimes report.</param>
/// <param name="generated">The ConfigMap and the Secret that the runtimes read.</param>
/// <param name="budget">How much may be written to them.</param>
/// <param name="annotator">Tells the kubelets; null where runtimes are not pods.</param>
/// <param name="reporter">Writes statuses and events.</param>
/// <param name="settings">What the operator was told at its start.</param>
/// <param name="metrics">Hears of the state of all modules.</param>
/// <param name="time">The clock of conditions.</param>
internal sealed class ModulesReconciler(
    Informer<WagiModule> modules,
    OwnClass ownClass,
    Func<ClassReading, CancellationToken, Task> reportClass,
    ReferencedObjects<StoredSecret, SecretContent> secrets,
    ReferencedObjects<StoredConfigMap, ConfigMapContent> configMaps,
    TagResolver tags,
    RuntimePoller runtimes,
    GeneratedObjects generated,
    WriteBudget budget,
    PodAnnotator? annotator,
    StatusReporter reporter,
    PlanSettings settings,
    OperatorMetrics metrics,
    TimeProvider time)
{
    private ImmutableSortedSet<ObjectKey> _secretsInUse = ImmutableSortedSet.Create(ObjectKey.Order);
    private Plan? _applied;
    private ImmutableSortedSet<ObjectKey> _configMapsInUse = ImmutableSortedSet.Create(ObjectKey.Order);

    private readonly RefusedEntries _refused = new(time);
    private volatile bool _reports;
    private volatile Plan? _latest;
    private string _digest = "";

    /// <summary>The last plan that was carried out, and reported; null: this instance has not led, or has only begun to.</summary>
    public Plan? Latest => _latest;

    /// <summary>
    /// Forgets the last plan and starts from what is stored, because another instance may have led in the meantime. Nothing is reported before
    /// <see cref="BeginReporting"/>.
    /// </summary>
    public void Forget()
    {
        _applied = null;
        _latest = null;
        _reports = false;
        reporter.Forget();
        annotator?.Forget();
    }

    /// <summary>What is planned from now on is reported too: the runtimes have answered.</summary>
    public void BeginReporting() => _reports = true;

    /// <summary>One turn.</summary>
    /// <returns>
    /// After how long it wants to be called again because a change waits; null: whatever else changes by itself is watched, and triggers
    /// a turn.
    /// </returns>
    /// <exception cref="ApiServerException">The API server refused something; try again.</exception>
    /// <exception cref="HttpRequestException">The API server cannot be reached; try again.</exception>
    public async Task<TimeSpan?> ReconcileAsync(CancellationToken cancellationToken)
    {
        // Looked at first: a plan that was begun without the runtimes' answers must not be reported.
        var reports = _reports;
        var reading = ownClass.Read();
        if (reading.Trouble is not null)
        {
            await reportClass(reading, cancellationToken);

            // What is served stays, and what is new waits: nothing is decided without the rules. A change of the class triggers a turn.
            return null;
        }

        var (input, plan) = await PlanAsync(reading, cancellationToken);
        tags.Follow(plan.Resolutions, input.Secrets);
        var wait = generated.BytesToWrite(plan.Toml, plan.SecretData) > 0 ? budget.Wait(plan.Changed) : null;
        if (wait is null)
        {
            plan = await _refused.WriteAsync(input, plan, attempt => ProgramAsync(attempt, cancellationToken));
        }
        else
        {
            input = input with { WritesWait = true };
            plan = Planner.Plan(input);
        }

        annotator?.Want(_digest, plan.Behind);
        Measure(input, plan);
        if (reports)
        {
            _latest = plan;
            reporter.Report(input, plan);
        }

        await reportClass(reading with { Problems = reading.Problems ?? plan.ClassProblems }, cancellationToken);
        return wait;
    }

    /// <summary>The plan says which Secrets and ConfigMaps are in use. When it names some that have not been read, they are read and the plan is made again.</summary>
    private async Task<(PlanInput Input, Plan Plan)> PlanAsync(ClassReading reading, CancellationToken cancellationToken)
    {
        while (true)
        {
            var input = await GatherAsync(reading, cancellationToken);
            var plan = Planner.Plan(input);
            var wasComplete = plan.Secrets.IsSubsetOf(_secretsInUse) && plan.ConfigMaps.IsSubsetOf(_configMapsInUse);
            _secretsInUse = plan.Secrets;
            _configMapsInUse = plan.ConfigMaps;
            if (wasComplete)
            {
                return (input, plan);
            }
        }
    }

    private async Task<PlanInput> GatherAsync(ClassReading reading, CancellationToken cancellationToken)
    {
        var (toml, secretData) = await generated.ReadAsync(cancellationToken);
        return new PlanInput
        {
            Modules = [.. modules.Objects.Values],
            Resolutions = tags.Answers,
            Secrets = await secrets.ReadAsync(_secretsInUse, cancellationToken),
            ConfigMaps = await configMaps.ReadAsync(_configMapsInUse, cancellationToken),
            Runtimes = runtimes.Reports,
            // Once there is a plan, last good entries come from it, and not from a ConfigMap that somebody has edited or deleted.
            PreviousToml = _applied?.Toml ?? toml,
            PreviousSecrets = _applied?.SecretData ?? secretData,
            Refused = _refused.Current,
            Roster = reading.Roster,
            Rules = reading.Rules,
            Namespaces = ownClass.Namespaces,
            Settings = settings,
            Now = time.GetUtcNow(),
        };
    }

    private async Task ProgramAsync(Plan plan, CancellationToken cancellationToken)
    {
        var bytes = generated.BytesToWrite(plan.Toml, plan.SecretData);
        try
        {
            var digest = await generated.WriteAsync(plan.Toml, plan.SecretData, cancellationToken);
            _applied = plan;
            _digest = digest.Value;
            if (digest.IsNew)
            {
                runtimes.Hurry();
            }
        }
        finally
        {
            // The Secret may have been written although the ConfigMap was not.
            budget.Spend(plan.Changed, bytes - generated.BytesToWrite(plan.Toml, plan.SecretData));
        }
    }

    private void Measure(PlanInput input, Plan plan)
    {
        runtimes.Settle(!plan.Verdicts.Any(verdict => verdict.IsUnderWay));
        metrics.Waiting(plan.Verdicts.Count(verdict => verdict.Waits));
        metrics.Runtimes(input.Runtimes.Count, input.Runtimes.Count(runtime => runtime.Status is not null));
        metrics.Modules(plan.Verdicts
            .SelectMany(verdict => verdict.Status.Conditions ?? [])
            .CountBy(condition => (condition.Type, condition.Status))
            .Select(count => (count.Key.Type, count.Key.Status, count.Value)));
    }
}
