using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Wagi.Operator.Metrics;

/// <summary>What the operator counts, for <c>/metrics</c>. <c>docs/operations.md</c> lists the names.</summary>
internal sealed class OperatorMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Wagi.Operator";

    private readonly Counter<long> _reconciles;
    private readonly Histogram<double> _durations;
    private readonly Counter<long> _reports;
    private readonly Counter<long> _resolves;
    private readonly Counter<long> _writes;
    private Measurement<int>[] _modules = [];
    private Func<int> _queueDepth = static () => 0;
    private Func<bool> _leads = static () => false;
    private int _runtimes;
    private int _runtimesAnswering;
    private int _waiting;

    public OperatorMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _reconciles = meter.CreateCounter<long>("wagi.operator.reconciles", description: "Reconciliations, by result");
        _durations = meter.CreateHistogram<double>(
            "wagi.operator.reconcile.duration", "s", "Time that a reconciliation took",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] });
        _reports = meter.CreateCounter<long>("wagi.operator.reports", description: "Rounds of writing statuses, by result");
        _resolves = meter.CreateCounter<long>("wagi.operator.tag.resolves", description: "Tags that registries were asked for, by result");
        _writes = meter.CreateCounter<long>("wagi.operator.writes", description: "Objects written to the API server, by resource");
        meter.CreateObservableGauge("wagi.operator.modules", () => Volatile.Read(ref _modules), description: "WagiModules, by condition and its status");
        meter.CreateObservableGauge("wagi.operator.runtimes", () => Volatile.Read(ref _runtimes), description: "Runtimes that there are");
        meter.CreateObservableGauge("wagi.operator.runtimes.answering", () => Volatile.Read(ref _runtimesAnswering), description: "Runtimes that report their status");
        meter.CreateObservableGauge("wagi.operator.changes.waiting", () => Volatile.Read(ref _waiting), description: "WagiModules whose change waits to be written");
        meter.CreateObservableGauge("wagi.operator.queue.depth", () => _queueDepth(), description: "1 while a reconciliation is waited for");
        meter.CreateObservableGauge("wagi.operator.leader", () => _leads() ? 1 : 0, description: "1 on the instance that leads");
    }

    /// <summary>Sets what the gauges of the queue and of leadership show.</summary>
    public void Observe(Func<int> queueDepth, Func<bool> leads)
    {
        _queueDepth = queueDepth;
        _leads = leads;
    }

    /// <summary>A reconciliation has ended.</summary>
    public void Reconciled(TimeSpan duration, bool succeeded)
    {
        _reconciles.Add(1, Result(succeeded));
        _durations.Record(duration.TotalSeconds);
    }

    /// <summary>A round of writing statuses has ended.</summary>
    public void Reported(bool succeeded) => _reports.Add(1, Result(succeeded));

    /// <summary>A registry has been asked for a tag.</summary>
    public void Resolved(bool succeeded) => _resolves.Add(1, Result(succeeded));

    /// <summary>An object was written.</summary>
    public void Wrote(string resource) => _writes.Add(1, new KeyValuePair<string, object?>("resource", resource));

    /// <summary>The state of all modules.</summary>
    /// <param name="conditions">How many have each condition in each status: (<c>Ready</c>, <c>True</c>, 12).</param>
    public void Modules(IEnumerable<(string Condition, string Status, int Count)> conditions) =>
        Volatile.Write(ref _modules, [.. conditions.Select(condition => new Measurement<int>(
            condition.Count,
            new KeyValuePair<string, object?>("condition", condition.Condition),
            new KeyValuePair<string, object?>("status", condition.Status)))]);

    /// <summary>How many modules' changes wait to be written.</summary>
    public void Waiting(int modules) => Volatile.Write(ref _waiting, modules);

    /// <summary>The state of the runtimes.</summary>
    public void Runtimes(int all, int answering)
    {
        Volatile.Write(ref _runtimes, all);
        Volatile.Write(ref _runtimesAnswering, answering);
    }

    private static TagList Result(bool succeeded) => new() { { "result", succeeded ? "success" : "error" } };
}
