using Wagi.Operator.Resources;

namespace Wagi.Operator.Planning;

/// <summary>
/// Everything that a plan is made from. A key that is missing in a dictionary has not been asked for or answered yet; a null value means
/// that the object does not exist.
/// </summary>
public sealed record PlanInput
{
    /// <summary>All WagiModules, with the status that they have now. Their order does not matter.</summary>
    public required IReadOnlyCollection<WagiModule> Modules { get; init; }

    /// <summary>The answers of registries so far.</summary>
    public IReadOnlyDictionary<ResolutionRequest, Resolution> Resolutions { get; init; } = new Dictionary<ResolutionRequest, Resolution>();

    /// <summary>The Secrets that WagiModules name.</summary>
    public IReadOnlyDictionary<ObjectKey, SecretContent?> Secrets { get; init; } = new Dictionary<ObjectKey, SecretContent?>();

    /// <summary>The ConfigMaps that WagiModules name.</summary>
    public IReadOnlyDictionary<ObjectKey, ConfigMapContent?> ConfigMaps { get; init; } = new Dictionary<ObjectKey, ConfigMapContent?>();

    /// <summary>
    /// Modules in files: the last segment of a repository's name → absolute path. They are served instead of what the registry has.
    /// </summary>
    public IReadOnlyDictionary<string, string> LocalModules { get; init; } = new Dictionary<string, string>();

    /// <summary>What the runtimes report: one element for every runtime that there is.</summary>
    public IReadOnlyCollection<RuntimeReport> Runtimes { get; init; } = [];

    /// <summary>The <c>modules.toml</c> in force, from which last good entries are kept; null when there is none.</summary>
    public string? PreviousToml { get; init; }

    /// <summary>The data of the generated Secret in force, kept together with the entries.</summary>
    public IReadOnlyDictionary<string, byte[]> PreviousSecrets { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>What the operator was told at its start.</summary>
    public PlanSettings Settings { get; init; } = new();

    /// <summary>The time for transitions of conditions; truncated to seconds, as <c>metav1.Time</c> has it.</summary>
    public required DateTimeOffset Now { get; init; }
}
