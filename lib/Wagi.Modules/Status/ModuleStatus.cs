using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Modules.Status;

/// <summary>The state of one entry.</summary>
/// <remarks>
/// Defaults stand in the getters: an initializer is lost when the generated JSON reader fills an <c>init</c> property whose member is
/// missing, as it is in what another version wrote.
/// </remarks>
public sealed record ModuleStatus : IJsonOnDeserialized
{
    /// <summary>The entry's id.</summary>
    public required string Id { get; init; }

    /// <summary>The entry's revision, handed back.</summary>
    public string? Revision { get; init; }

    /// <summary>How far the runtime is with this revision.</summary>
    public required ModuleState State { get; init; }

    /// <summary>One of <see cref="ModuleReason"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>The reason in a sentence for a person; empty when there is nothing to add.</summary>
    [AllowNull]
    public string Message { get => field ?? ""; init; }

    /// <summary>When <see cref="State"/> or <see cref="Reason"/> changed last.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>The configured route.</summary>
    public required string Route { get; init; }

    /// <summary>The configured hosts.</summary>
    public ImmutableArray<string> Hosts { get => field.IsDefault ? [] : field; init; }

    /// <summary>The configured module reference.</summary>
    public required string Module { get; init; }

    /// <summary>The reference whose code answers now; null when the entry is not served at all.</summary>
    public string? Serving { get; init; }

    /// <summary><c>sha256:…</c> of the Wasm that answers now; null when the entry is not served at all.</summary>
    public string? Digest { get; init; }

    /// <summary>The routes that are really served, sub-routes included; empty when the entry is not served.</summary>
    public ImmutableArray<string> Routes { get => field.IsDefault ? [] : field; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Hosts.Contains(null!) || Routes.Contains(null!)) throw new JsonException($"one of the 'hosts' or 'routes' of {Id} is null");
    }
}
