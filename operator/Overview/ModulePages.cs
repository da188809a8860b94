using System.Collections.Immutable;
using System.Globalization;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Overview;

/// <summary>What the console says about one WagiModule.</summary>
internal static class ModulePages
{
    /// <summary>So much of a message stands in the list.</summary>
    private const int ListedMessage = 160;

    /// <summary>Its row in the list.</summary>
    /// <param name="module">The WagiModule.</param>
    /// <param name="status">The status that holds.</param>
    /// <param name="className">Its class; null: none.</param>
    /// <param name="isOwn">Whether it is this operator's.</param>
    /// <param name="verdict">What the plan says of it; null: nothing.</param>
    public static ModuleRow RowOf(WagiModule module, WagiModuleStatus? status, string? className, bool isOwn, Verdict? verdict)
    {
        var ready = ServingStates.Find(status, ConditionType.Ready);
        return new ModuleRow
        {
            Id = module.Key.ToString(),
            ClassName = className,
            IsOwn = isOwn,
            State = ServingStates.Of(status),
            Reason = ready?.Reason ?? "",
            Message = BoundedText.Shorten(ready?.Message ?? "", ListedMessage),
            Route = module.Spec.Route ?? "",
            Hosts = module.Spec.Hosts is { Count: > 0 } hosts ? hosts : null,
            Module = module.Spec.Module ?? "",
            Digest = DigestOf(status?.ResolvedModule),
            Conditions = [.. (status?.Conditions ?? []).Select(condition => ImmutableArray.Create(condition.Type, condition.Status, condition.Reason))],
            Runtimes = status?.Runtimes?.Summary,
            Since = ready?.LastTransitionTime,
            Created = module.Metadata.CreationTimestamp,
            LostTo = verdict?.LostTo?.ToString(),
        };
    }

    /// <summary>Its own page.</summary>
    /// <param name="module">The WagiModule.</param>
    /// <param name="status">The status that holds.</param>
    /// <param name="verdict">What the plan says of it; null: nothing.</param>
    /// <param name="plan">The plan; null: there is none.</param>
    /// <param name="runtimes">What the runtimes report; null: they are not asked.</param>
    public static ModuleReport Of(WagiModule module, WagiModuleStatus? status, Verdict? verdict, Plan? plan, IReadOnlyCollection<RuntimeReport>? runtimes)
    {
        var order = ConditionCatalog.All.Select(entry => entry.Type).ToList();
        return new ModuleReport
        {
            Conditions =
            [
                .. (status?.Conditions ?? []).OrderBy(condition => order.IndexOf(condition.Type) is var at and >= 0 ? at : order.Count)
                    .Select(condition => RowOf(condition) with
                    {
                        Meaning = ConditionCatalog.All.FirstOrDefault(entry => entry.Type == condition.Type).Meaning?.Replace("`", "", StringComparison.Ordinal),
                        Advice = ReasonAdvice.All.GetValueOrDefault(condition.Reason)?.Text,
                        Command = ReasonAdvice.All.GetValueOrDefault(condition.Reason)?.CommandFor(module),
                    }),
            ],
            Generation = module.Metadata.Generation,
            ObservedGeneration = status?.ObservedGeneration,
            Facts = [.. FactsOf(module, status, verdict)],
            Environment = [.. (module.Spec.Env ?? []).OfType<EnvironmentVariable>().Select(variable => new OverviewFact(variable.Name ?? "", SourceOf(variable)))],
            AllowedHosts = [.. (module.Spec.AllowedHosts ?? []).OfType<string>()],
            Runtimes = runtimes is null ? null : [.. runtimes.Select(report => SaidBy(report, module.Key.ToString()))],
            WonFrom = plan is null ? [] : [.. plan.Verdicts.Where(other => other.LostTo == module.Key).Select(other => other.Key.ToString())],
        };
    }

    /// <summary>A condition as it is written.</summary>
    public static ConditionRow RowOf(Condition condition) => new()
    {
        Type = condition.Type,
        Status = condition.Status,
        Reason = condition.Reason,
        Message = condition.Message,
        Since = condition.LastTransitionTime,
    };

    private static string? DigestOf(string? reference) => reference?.IndexOf('@', StringComparison.Ordinal) is { } at and >= 0 ? reference[(at + 1)..] : null;

    private static IEnumerable<OverviewFact> FactsOf(WagiModule module, WagiModuleStatus? status, Verdict? verdict)
    {
        var spec = module.Spec;
        (string Name, string? Value)[] facts =
        [
            ("route", spec.Route),
            ("hosts", spec.Hosts is { Count: > 0 } hosts ? string.Join(", ", hosts) : "all"),
            ("module", spec.Module),
            ("resolved", status?.ResolvedModule),
            ("files", string.Join(", ", (spec.Files ?? []).OfType<FilesSpec>().Select(files => $"{files.Path} ← {files.Reference}"))),
            ("resolved files", string.Join(", ", status?.ResolvedFiles ?? [])),
            ("served routes", string.Join(", ", status?.Routes ?? [])),
            ("URL", status?.Url),
            ("revision", verdict?.Entry?.Revision),
            ("runtimes", status?.Runtimes?.Summary),
            ("entrypoint", spec.Entrypoint),
            ("timeout", spec.Timeout),
            ("memory of an instance", spec.MemoryLimit),
            ("requests at a time", spec.MaxConcurrency?.ToString(CultureInfo.InvariantCulture)),
            ("rate limit", spec.RateLimit),
            ("sees credentials", spec.PassAuthorization == true ? "yes" : null),
            ("pull secrets", string.Join(", ", (spec.ImagePullSecrets ?? []).OfType<LocalObjectReference>().Select(secret => secret.Name))),
            ("suspended", spec.Suspend == true ? "yes" : null),
        ];
        return facts.Where(fact => !string.IsNullOrEmpty(fact.Value)).Select(fact => new OverviewFact(fact.Name, fact.Value!));
    }

    /// <summary>Where the value comes from. The value itself is nobody's business here.</summary>
    private static string SourceOf(EnvironmentVariable variable) => variable.ValueFrom switch
    {
        { SecretKeyRef: { } secret } => $"Secret {secret.Name}, key {secret.Key}",
        { ConfigMapKeyRef: { } configMap } => $"ConfigMap {configMap.Name}, key {configMap.Key}",
        _ => "the spec",
    };

    private static RuntimeSays SaidBy(RuntimeReport report, string id)
    {
        if (report.Status is not { } status)
        {
            return new RuntimeSays(report.Name, false, null, null, report.Error ?? "it has not answered yet", null, null, null);
        }

        var module = status.Modules.FirstOrDefault(module => module.Id == id);
        return new RuntimeSays(report.Name, true, module?.State, module?.Reason, module?.Message ?? "it knows no such module", module?.Revision, module?.Digest, module?.Since);
    }
}
