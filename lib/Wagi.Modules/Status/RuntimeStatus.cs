using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Modules.Status;

/// <summary>
/// What <c>GET /status</c> on the admin port of a runtime answers, as JSON in camelCase: what is configured, what is really
/// served, and why the two differ.
/// </summary>
public sealed record RuntimeStatus : IJsonOnDeserialized
{
    /// <summary>Version of the runtime.</summary>
    public required string Version { get; init; }

    /// <summary>
    /// True when, once since the start, every entry has been loaded or has failed as it did in the other runtimes that were asked: the
    /// answer of <c>/healthz/ready</c>.
    /// </summary>
    public required bool Ready { get; init; }

    /// <summary>The file that is being served.</summary>
    public required ConfigurationStatus Configuration { get; init; }

    /// <summary>One per usable entry of the file, in its order.</summary>
    public required ImmutableArray<ModuleStatus> Modules { get; init; }

    /// <summary>Reads what <see cref="ToJson"/> wrote. Unknown members are ignored, so that versions may be mixed.</summary>
    /// <exception cref="JsonException">The text is not a status.</exception>
    public static RuntimeStatus FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, StatusJsonContext.Default.RuntimeStatus)
        ?? throw new JsonException("the status is null");

    /// <summary>The status as UTF-8 JSON.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, StatusJsonContext.Default.RuntimeStatus);

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Modules.Contains(null!)) throw new JsonException("one of the 'modules' is null");
    }
}
