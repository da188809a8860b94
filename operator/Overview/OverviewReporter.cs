using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Wagi.Hosting.Consoles;
using Wagi.Hosting.Versions;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Status;
using Wagi.Operator.Classes;
using Wagi.Operator.Informers;
using Wagi.Operator.Planning;
using Wagi.Operator.Reconciling;
using Wagi.Operator.Runtimes;
using Wagi.Operator.Tags;

namespace Wagi.Operator.Overview;

/// <summary>Where the console has what it shows from: what the operator knows anyway.</summary>
internal sealed record OverviewSources
{
    public required Informer<WagiModule> Modules { get; init; }

    /// <summary>Null: classes cannot be seen.</summary>
    public required Informer<WagiClass>? Classes { get; init; }

    /// <summary>Null: namespaces cannot be seen.</summary>
    public required Informer<TenantNamespace>? Namespaces { get; init; }

    /// <summary>Null: the runtimes are no pods.</summary>
    public required Informer<RuntimePod>? Pods { get; init; }

    public required OwnClass Class { get; init; }

    public required ModulesReconciler Reconciler { get; init; }

    public required ReconcileLoop Loop { get; init; }

    public required RuntimePoller Runtimes { get; init; }

    public required TagResolver Tags { get; init; }

    public required Func<bool> Leads { get; init; }

    /// <summary>What keeps the operator from its work, a line each.</summary>
    public required Func<IEnumerable<string>> Troubles { get; init; }

    /// <summary>Settings, as far as they are shown.</summary>
    public required OverviewSettings Settings { get; init; }
}

/// <summary>What the operator was told at its start, as far as the console shows it.</summary>
internal sealed record OverviewSettings(string Identity, string Namespace, string? WatchNamespace, string? Class, string ConfigMap, PlanSettings Plan);

/// <summary>JSON, and what is the same as long as it is.</summary>
internal sealed record Tagged(ReadOnlyMemory<byte> Json, string Tag);

/// <summary>
/// Makes of what the operator knows what the console shows. All work is done when somebody asks: while nobody looks, there is none, and nobody
/// who looks causes a request to the API server.
/// </summary>
internal sealed class OverviewReporter(OverviewSources sources)
{
    private readonly Lock _lock = new();
    private Listing? _listing;

    /// <summary>The plan that holds; null: another instance plans, or this one has not yet.</summary>
    private Plan? Plan => sources.Leads() ? sources.Reconciler.Latest : null;

    /// <summary>All but the WagiModules.</summary>
    public Tagged Overview()
    {
        var listing = Current();
        var plan = listing.Of.Plan;
        var settings = sources.Settings;
        var reports = Reports;
        return Serialize(
            new OverviewReport
            {
                Version = ProgramVersion.Text,
                Identity = settings.Identity,
                Namespace = settings.Namespace,
                WatchNamespace = settings.WatchNamespace,
                ClassName = settings.Class,
                Leads = sources.Leads(),
                Plans = plan is not null,
                Troubles = [.. sources.Troubles()],
                Turn = sources.Loop.Last is { } turn ? new TurnRow(turn.Ended, Math.Round(turn.Duration.TotalMilliseconds, 1), turn.Error) : null,
                Room = plan is null ? null : RoomOf(plan, settings),
                Registries = [.. sources.Tags.Failing.Select(failing => new OverviewFact(failing.Registry, failing.Reason))],
                Runtimes = RuntimesOf(plan, reports),
                Classes = listing.Classes,
                Modules = listing.Report.Tag,
            },
            OverviewJsonContext.Default.OverviewReport);
    }

    /// <summary>The WagiModules.</summary>
    public Tagged Modules() => Current().Report;

    /// <summary>One WagiModule; null: there is none of that id.</summary>
    public Tagged? Module(string id)
    {
        var slash = id.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || sources.Modules.Objects.GetValueOrDefault(new ObjectKey(id[..slash], id[(slash + 1)..])) is not { } module)
        {
            return null;
        }

        var plan = Plan;
        var verdict = plan?.Verdicts.FirstOrDefault(verdict => verdict.Key == module.Key);
        return Serialize(ModulePages.Of(module, verdict?.Status ?? module.Status, verdict, plan, Reports), OverviewJsonContext.Default.ModuleReport);
    }

    /// <summary>What the runtimes report; null: this instance does not ask.</summary>
    private ImmutableArray<RuntimeReport>? Reports => sources.Leads() ? sources.Runtimes.Reports : null;

    private static RoomRow RoomOf(Plan plan, OverviewSettings settings) => new(
        settings.ConfigMap,
        Encoding.UTF8.GetByteCount(plan.Toml),
        settings.Plan.MaxTomlBytes,
        plan.Use.Values.Sum(use => use.SecretBytes),
        settings.Plan.MaxSecretBytes,
        plan.Verdicts.Count(verdict => verdict.Waits));

    private static Tagged Serialize<T>(T report, JsonTypeInfo<T> type)
    {
        var json = ConsoleRequests.ToJson(report, type);
        return new Tagged(json, Convert.ToHexStringLower(SHA256.HashData(json.Span).AsSpan(0, 12)));
    }

    private ImmutableArray<RuntimeRow> RuntimesOf(Plan? plan, ImmutableArray<RuntimeReport>? reports)
    {
        var byName = (reports ?? []).ToDictionary(report => report.Name, StringComparer.Ordinal);
        var pods = (sources.Pods?.Objects.Values ?? []).Where(pod => sources.Class.Selects(pod.Metadata.Labels)).ToDictionary(pod => pod.Metadata.Name, StringComparer.Ordinal);
        return [.. pods.Keys.Union(byName.Keys).Order(StringComparer.Ordinal).Select(name => RowOf(name, pods.GetValueOrDefault(name), byName.GetValueOrDefault(name)))];

        RuntimeRow RowOf(string name, RuntimePod? pod, RuntimeReport? report)
        {
            var modules = report?.Status?.Modules ?? [];
            return new RuntimeRow
            {
                Name = name,
                Ready = pod?.IsReady,
                Answers = report is null ? null : report.Status is not null,
                Starting = report?.IsStarting ?? false,
                Error = report?.Error,
                Version = report?.Status?.Version,
                Digest = report?.Status?.Configuration.Digest,
                Lags = plan?.Behind.Contains(name) ?? false,
                Modules = modules.Length,
                Failed = modules.Count(module => module.State == ModuleState.Failed),
            };
        }
    }

    /// <summary>The WagiModules and classes as they are now. What is made of the same things is the same.</summary>
    private Listing Current()
    {
        var known = new Known(sources.Modules.Objects, sources.Classes?.Objects, sources.Namespaces?.Objects, Plan);
        lock (_lock)
        {
            return _listing = _listing is { } last && last.Of.IsSameAs(known) ? last : Make(known);
        }
    }

    private Listing Make(Known known)
    {
        var (modules, classes, namespaces, plan) = known;
        var own = sources.Settings.Class;
        var roster = new ClassRoster(classes?.Values, own);
        var verdicts = plan?.Verdicts.ToDictionary(verdict => verdict.Key) ?? [];
        ImmutableArray<ModuleRow> rows =
        [
            .. modules.Values.OrderBy(module => module.Key, ObjectKey.Order).Select(module =>
            {
                var verdict = verdicts.GetValueOrDefault(module.Key);
                return ModulePages.RowOf(module, verdict?.Status ?? module.Status, roster.NameOf(module), roster.IsOwn(module), verdict);
            }),
        ];
        var byClass = rows.CountBy(row => row.ClassName ?? "").ToDictionary(StringComparer.Ordinal);
        return new Listing(
            known,
            ClassRows.Of(classes?.Values ?? [], own, byClass, namespaces?.Values.ToList(), plan),
            Serialize(new ModulesReport(rows), OverviewJsonContext.Default.ModulesReport));
    }

    /// <summary>What a listing is made of: snapshots.</summary>
    private sealed record Known(
        ImmutableDictionary<ObjectKey, WagiModule> Modules,
        ImmutableDictionary<ObjectKey, WagiClass>? Classes,
        ImmutableDictionary<ObjectKey, TenantNamespace>? Namespaces,
        Plan? Plan)
    {
        public bool IsSameAs(Known other) =>
            ReferenceEquals(Modules, other.Modules) && ReferenceEquals(Classes, other.Classes)
            && ReferenceEquals(Namespaces, other.Namespaces) && ReferenceEquals(Plan, other.Plan);
    }

    private sealed record Listing(Known Of, ImmutableArray<ClassRow> Classes, Tagged Report);
}
