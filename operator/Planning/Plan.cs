using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;

namespace Wagi.Operator.Planning;

/// <summary>What to write, and what to find out for the next plan. <see cref="Planner.Plan"/> makes it.</summary>
public sealed record Plan
{
    /// <summary>The <c>modules.toml</c> for the runtimes.</summary>
    public required string Toml { get; init; }

    /// <summary>The complete data of the generated Secret: <see cref="Wagi.Modules.Secrets.ModuleSecrets.KeyFor"/> → JSON.</summary>
    public required ImmutableSortedDictionary<string, byte[]> SecretData { get; init; }

    /// <summary>The namespaces whose entries, or secrets, differ from those of the present <c>modules.toml</c> and Secret.</summary>
    public required ImmutableSortedSet<string> Changed { get; init; }

    /// <summary>One per WagiModule, by namespace and name.</summary>
    public required ImmutableArray<Verdict> Verdicts { get; init; }

    /// <summary>Names of the runtimes whose last answer was about another <c>modules.toml</c> than this one.</summary>
    public required ImmutableHashSet<string> Behind { get; init; }

    /// <summary>What the namespaces take of the ConfigMap and the Secret, by name.</summary>
    public required ImmutableSortedDictionary<string, NamespaceUse> Use { get; init; }

    /// <summary>What keeps rules of the class from being held, as a sentence; null: nothing.</summary>
    public string? ClassProblems { get; init; }

    /// <summary>
    /// Every tag that the WagiModules name, resolved or not. Answers for other tags may be dropped; a tag without an answer must be asked for;
    /// the rest should be asked for again now and then, because tags move.
    /// </summary>
    public required ImmutableHashSet<ResolutionRequest> Resolutions { get; init; }

    /// <summary>Every Secret that the WagiModules name, in their own namespaces only.</summary>
    public required ImmutableSortedSet<ObjectKey> Secrets { get; init; }

    /// <summary>Every ConfigMap that the WagiModules name, in their own namespaces only.</summary>
    public required ImmutableSortedSet<ObjectKey> ConfigMaps { get; init; }
}

/// <summary>What becomes of one WagiModule.</summary>
public sealed record Verdict
{
    /// <summary>Which one.</summary>
    public required ObjectKey Key { get; init; }

    /// <summary>
    /// Its complete new status, which is true only once the plan's <c>modules.toml</c> and Secret have been written.
    /// </summary>
    public required WagiModuleStatus Status { get; init; }

    /// <summary>Whether <see cref="Status"/> differs from the one that the WagiModule has.</summary>
    public required bool StatusChanged { get; init; }

    /// <summary>Events to emit about it: one per transition, none when nothing changed.</summary>
    public required ImmutableArray<PlanEvent> Events { get; init; }

    /// <summary>Its entry in <c>modules.toml</c>: as specified, or the last good one; null when it is not served.</summary>
    public required ModuleEntry? Entry { get; init; }

    /// <summary>The WagiModule that has the route which this one asks for; null: none has.</summary>
    public ObjectKey? LostTo { get; init; }

    /// <summary>Whether runtimes are about to report something else by themselves: they read, wait or load. One that has failed is not.</summary>
    public bool IsUnderWay => Condition(ConditionType.Ready) is
    {
        Status: not ConditionStatus.True,
        Reason: ConditionReason.Updating or ModuleReason.Loading or ModuleReason.SecretsPending,
    };

    /// <summary>Whether a change of it waits for leave to be written.</summary>
    public bool Waits => Condition(ConditionType.Programmed) is { Reason: ConditionReason.WriteDelayed };

    /// <summary>The condition of that type; null when it is absent.</summary>
    public Condition? Condition(string type) => Status.Conditions?.FirstOrDefault(condition => condition.Type == type);
}

/// <summary>What a namespace takes of what the runtimes read.</summary>
/// <param name="Modules">Its WagiModules there.</param>
/// <param name="TomlBytes">Bytes of <c>modules.toml</c>.</param>
/// <param name="SecretBytes">Bytes of the Secret.</param>
public sealed record NamespaceUse(int Modules, int TomlBytes, int SecretBytes)
{
    /// <summary>Bytes in both, as the budget of a class counts them.</summary>
    public int Bytes => TomlBytes + SecretBytes;
}

/// <summary>A Kubernetes event about a WagiModule.</summary>
/// <param name="Type"><c>Normal</c> or <c>Warning</c>.</param>
/// <param name="Reason">The reason of the condition that changed.</param>
/// <param name="Message">Its message.</param>
public sealed record PlanEvent(string Type, string Reason, string Message)
{
    /// <summary>The type of an event that tells of progress.</summary>
    public const string Normal = nameof(Normal);

    /// <summary>The type of an event that tells of trouble.</summary>
    public const string Warning = nameof(Warning);
}
