using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Modules.Status;

/// <summary>
/// What <c>GET /status</c> on a runtime's admin port answers, as JSON in camelCase: what is configured, what is served, and why the two
/// differ.
/// </summary>
public sealed record RuntimeStatus : IJsonOnDeserialized
{
    /// <summary>Leaves quotes, angle brackets and letters as they are: what is written is JSON, and never part of a page.</summary>
    private static readonly StatusJsonContext Readable =
        new(new JsonSerializerOptions(StatusJsonContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Version of the runtime.</summary>
    public required string Version { get; init; }

    /// <summary>
    /// True once every entry has loaded, or has failed here as it does in the other runtimes: what <c>/healthz/ready</c> answers. It stays true.
    /// </summary>
    public required bool Ready { get; init; }

    /// <summary>Where the memories of core modules come from: <c>slots</c> and how they are cleared, or <c>pool</c>; null: it does not say.</summary>
    public string? Memories { get; init; }

    /// <summary>The file that is served.</summary>
    public required ConfigurationStatus Configuration { get; init; }

    /// <summary>One for each usable entry, in the order of the file.</summary>
    public required ImmutableArray<ModuleStatus> Modules { get; init; }

    /// <summary>Reads what <see cref="ToJson"/> wrote. Unknown members are ignored, so that versions can be mixed.</summary>
    /// <exception cref="JsonException">The text is not a status.</exception>
    public static RuntimeStatus FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, StatusJsonContext.Default.RuntimeStatus)
        ?? throw new JsonException("the status is null");

    /// <summary>The status as UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Readable.RuntimeStatus);

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Modules.Contains(null!))
        {
            throw new JsonException("one of the 'modules' is null");
        }
    }
}

/// <summary>The state of the configuration file.</summary>
public sealed record ConfigurationStatus : IJsonOnDeserialized
{
    /// <summary>Path of the file.</summary>
    public required string Path { get; init; }

    /// <summary><c>sha256:…</c> of the bytes that were last read; null when the file could not be read.</summary>
    public string? Digest { get; init; }

    /// <summary>When they were read.</summary>
    public required DateTimeOffset ReadAt { get; init; }

    /// <summary>What is wrong in the file, one line each: <c>file:line:column: severity: message (hint)</c>.</summary>
    public required ImmutableArray<string> Problems { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Problems.Contains(null!))
        {
            throw new JsonException("one of the configuration's 'problems' is null");
        }
    }
}

/// <summary>The state of one entry.</summary>
/// <remarks>
/// Defaults are in the getters: the generated JSON reader drops the initializer of an <c>init</c> property whose member is missing, as it can
/// be in what another version wrote.
/// </remarks>
public sealed record ModuleStatus : IJsonOnDeserialized
{
    /// <summary>The entry's id.</summary>
    public required string Id { get; init; }

    /// <summary>The entry's revision, as the file has it.</summary>
    public string? Revision { get; init; }

    /// <summary>How far the runtime is with this revision.</summary>
    public required ModuleState State { get; init; }

    /// <summary>One of <see cref="ModuleReason"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>The reason in a sentence for a person; empty when there is nothing to add.</summary>
    [AllowNull]
    public string Message { get => field ?? ""; init; }

    /// <summary>When <see cref="State"/> or <see cref="Reason"/> last changed.</summary>
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

    /// <summary>True: what answers now was initialized when it was compiled; null: it was not, or nothing answers.</summary>
    public bool? Preinitialized { get; init; }

    /// <summary>The routes that are served, sub-routes included; empty when the entry is not served.</summary>
    public ImmutableArray<string> Routes { get => field.IsDefault ? [] : field; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Hosts.Contains(null!) || Routes.Contains(null!))
        {
            throw new JsonException($"one of the 'hosts' or 'routes' of {Id} is null");
        }
    }
}

/// <summary>How far the runtime is with an entry.</summary>
public enum ModuleState
{
    /// <summary>It is being pulled or compiled, or it waits for its secrets.</summary>
    Loading,

    /// <summary>It is served as configured.</summary>
    Ready,

    /// <summary>It could not be loaded as configured; an earlier version may still be served.</summary>
    Failed,
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(RuntimeStatus))]
internal sealed partial class StatusJsonContext : JsonSerializerContext;
