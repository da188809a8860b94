using System.Collections.Immutable;

namespace Wagi.Operator.Planning;

/// <summary>What to write, and what to find out for the next plan. <see cref="Planner.Plan"/> makes it.</summary>
public sealed record Plan
{
    /// <summary>The <c>modules.toml</c> for the runtimes.</summary>
    public required string Toml { get; init; }

    /// <summary>The complete data of the generated Secret: <see cref="Wagi.Modules.Secrets.ModuleSecrets.KeyFor"/> → JSON.</summary>
    public required ImmutableSortedDictionary<string, byte[]> SecretData { get; init; }

    /// <summary>One per WagiModule, by namespace and name.</summary>
    public required ImmutableArray<Verdict> Verdicts { get; init; }

    /// <summary>
    /// Every tag that the WagiModules name, answered or not: what is not in here need not be kept; what has no answer must be asked; the
    /// rest may be asked again from time to time, because tags move.
    /// </summary>
    public required ImmutableHashSet<ResolutionRequest> Resolutions { get; init; }

    /// <summary>Every Secret that the WagiModules name, in their own namespaces only.</summary>
    public required ImmutableSortedSet<ObjectKey> Secrets { get; init; }

    /// <summary>Every ConfigMap that the WagiModules name, in their own namespaces only.</summary>
    public required ImmutableSortedSet<ObjectKey> ConfigMaps { get; init; }
}
