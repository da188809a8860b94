using System.Text.Json.Serialization;

namespace Wagi.Oci.Content;

/// <summary>What an image runs on (OCI image spec 1.1, "OCI Image Index").</summary>
public sealed record Platform
{
    /// <summary>Processor architecture, in the words of GOARCH: <c>amd64</c>, <c>wasm</c>.</summary>
    public string? Architecture { get; init; }

    /// <summary>Operating system, in the words of GOOS: <c>linux</c>, <c>wasip1</c>, <c>wasi</c>.</summary>
    [JsonPropertyName("os")]
    public string? OperatingSystem { get; init; }

    /// <summary>Variant of the architecture, such as <c>v8</c>.</summary>
    public string? Variant { get; init; }

    /// <summary><c>os/architecture[/variant]</c>.</summary>
    public override string ToString() => Variant is null ? $"{OperatingSystem}/{Architecture}" : $"{OperatingSystem}/{Architecture}/{Variant}";
}
