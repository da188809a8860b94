using System.Text.Json.Serialization;
using Wagi.Oci.Content;

namespace Wagi.Oci.Modules;

/// <summary>The configuration of a Wasm artifact (CNCF TAG Runtime, "Wasm OCI Artifact layout").</summary>
internal sealed record WasmConfig
{
    /// <summary>RFC 3339.</summary>
    public required string Created { get; init; }

    /// <summary>Always <c>wasm</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary><c>wasip1</c> for a core module, <c>wasip2</c> for a component.</summary>
    [JsonPropertyName("os")]
    public required string OperatingSystem { get; init; }

    /// <summary>The digests of the layers in their order.</summary>
    public required IReadOnlyList<Digest> LayerDigests { get; init; }

    /// <summary>Present exactly for a component.</summary>
    public ComponentInterface? Component { get; init; }
}
