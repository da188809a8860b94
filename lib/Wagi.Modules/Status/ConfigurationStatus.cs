using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Modules.Status;

/// <summary>The state of the configuration file.</summary>
public sealed record ConfigurationStatus : IJsonOnDeserialized
{
    /// <summary>Path of the file.</summary>
    public required string Path { get; init; }

    /// <summary><c>sha256:…</c> of the bytes that were read last; null when the file could not be read.</summary>
    public string? Digest { get; init; }

    /// <summary>When they were read.</summary>
    public required DateTimeOffset ReadAt { get; init; }

    /// <summary>What is wrong in the file, one line each: <c>file:line:column: severity: message (hint)</c>.</summary>
    public required ImmutableArray<string> Problems { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Problems.Contains(null!)) throw new JsonException("one of the configuration's 'problems' is null");
    }
}
