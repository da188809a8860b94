using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Operator.Classes;

namespace Wagi.Operator.Planning;

/// <summary>
/// Everything that a plan is made from. A key that is missing from a dictionary has not been asked for, or not been answered yet; a null
/// value means that the object does not exist.
/// </summary>
public sealed record PlanInput
{
    /// <summary>All WagiModules, of every class, with the status that they have now. Their order does not matter.</summary>
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

    /// <summary>What the runtimes report, one element per runtime.</summary>
    public IReadOnlyCollection<RuntimeReport> Runtimes { get; init; } = [];

    /// <summary>The current <c>modules.toml</c>, from which last good entries are kept; null when there is none.</summary>
    public string? PreviousToml { get; init; }

    /// <summary>The current data of the generated Secret, kept together with the entries.</summary>
    public IReadOnlyDictionary<string, byte[]> PreviousSecrets { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>Revisions of entries with which the API server did not take the ConfigMap or the Secret → what it said.</summary>
    public IReadOnlyDictionary<string, string> Refused { get; init; } = new Dictionary<string, string>();

    /// <summary>Which of the WagiModules are this operator's; null: all, whatever class they name.</summary>
    internal ClassRoster? Roster { get; init; }

    /// <summary>The rules of this operator's class; null: it has none.</summary>
    internal ClassRules? Rules { get; init; }

    /// <summary>The namespaces that have been seen, by name.</summary>
    internal IReadOnlyDictionary<string, TenantNamespace> Namespaces { get; init; } = new Dictionary<string, TenantNamespace>();

    /// <summary>
    /// Whether nothing may be written now. Then the plan's <c>modules.toml</c> and Secret are the present ones, and the verdict on a module that
    /// would have changed them says that its change waits.
    /// </summary>
    public bool WritesWait { get; init; }

    /// <summary>What the operator was told at its start.</summary>
    public PlanSettings Settings { get; init; } = new();

    /// <summary>The time for transitions of conditions; truncated to seconds, as <c>metav1.Time</c> has it.</summary>
    public required DateTimeOffset Now { get; init; }
}

/// <summary>Settings of the operator that change a plan.</summary>
public sealed record PlanSettings
{
    /// <summary>Where clients reach the runtimes, for <c>status.url</c>: <c>https://wagi.example.com</c>; null: unknown.</summary>
    public Uri? BaseUrl { get; init; }

    /// <summary>
    /// Whether a tag becomes the digest that it has now. True in a cluster, where every runtime must serve the same bytes; false for
    /// <c>render</c> without <c>--resolve</c>, where the entry keeps the tag.
    /// </summary>
    public bool ResolveTags { get; init; } = true;

    /// <summary>
    /// The most bytes that <c>modules.toml</c> may have beside its <see cref="ChecksumLine"/>, which takes no entry's room. A ConfigMap holds 1 MiB of data in all (<c>core/v1</c> validation), and some of that
    /// is left for keys and metadata.
    /// </summary>
    public int MaxTomlBytes { get; init; } = 1_000_000;

    /// <summary>The most bytes that the generated Secret's data may have, keys included; the limit is that of a ConfigMap.</summary>
    public int MaxSecretBytes { get; init; } = 1_000_000;

    /// <summary>
    /// The most bytes that one module may take in either, so that no module takes the room of all others. What is served already and takes
    /// more stays.
    /// </summary>
    public int MaxModuleBytes { get; init; } = 64 * 1024;
}

/// <summary>A Secret as it was read.</summary>
/// <param name="Uid">Its <c>metadata.uid</c>.</param>
/// <param name="ResourceVersion">Its <c>metadata.resourceVersion</c>.</param>
/// <param name="Type">Its <c>type</c>, such as <c>kubernetes.io/dockerconfigjson</c>.</param>
/// <param name="Data">Its keys and decoded values.</param>
public sealed record SecretContent(string Uid, string ResourceVersion, string Type, ImmutableDictionary<string, byte[]> Data)
{
    /// <summary>Names, never values: this may end in a log.</summary>
    public override string ToString() => $"Secret of type {Type} with {Data.Count} keys";
}

/// <summary>A ConfigMap as it was read.</summary>
/// <param name="Data">Its <c>data</c>. The keys of <c>binaryData</c> cannot be environment variables and are left out.</param>
public sealed record ConfigMapContent(ImmutableDictionary<string, string> Data);
