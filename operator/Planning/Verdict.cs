using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Operator.Resources;

namespace Wagi.Operator.Planning;

/// <summary>What becomes of one WagiModule.</summary>
public sealed record Verdict
{
    /// <summary>Which one.</summary>
    public required ObjectKey Key { get; init; }

    /// <summary>
    /// Its complete new status. It is true once the plan's <c>modules.toml</c> and Secret have been written, so they are written first.
    /// </summary>
    public required WagiModuleStatus Status { get; init; }

    /// <summary>Whether <see cref="Status"/> differs from the one that the WagiModule has.</summary>
    public required bool StatusChanged { get; init; }

    /// <summary>Events to emit about it: one per transition, none when nothing changed.</summary>
    public required ImmutableArray<PlanEvent> Events { get; init; }

    /// <summary>Its entry in <c>modules.toml</c>: as specified, or the last good one; null when it is not served.</summary>
    public required ModuleEntry? Entry { get; init; }

    /// <summary>The condition of that type; null when it is absent.</summary>
    public Condition? Condition(string type) => Status.Conditions?.FirstOrDefault(condition => condition.Type == type);
}
