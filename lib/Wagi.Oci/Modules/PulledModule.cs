using Wagi.Oci.Content;

namespace Wagi.Oci.Modules;

/// <summary>What was pulled.</summary>
public sealed record PulledModule
{
    /// <summary>What the reference means: the digest of a manifest or, for several platforms, of an index.</summary>
    public required Digest Digest { get; init; }

    /// <summary>The manifest that names the layer; the same as <see cref="Digest"/> unless that is an index.</summary>
    public required Digest ManifestDigest { get; init; }

    /// <summary>The layer that is, or holds, the Wasm binary.</summary>
    public required Digest LayerDigest { get; init; }

    /// <summary>The layer's media type.</summary>
    public required string MediaType { get; init; }

    /// <summary>The sha256 of the Wasm binary that was written.</summary>
    public required Digest WasmDigest { get; init; }

    /// <summary>Size of the Wasm binary in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The file's path within a container image; null in the other layouts.</summary>
    public string? Path { get; init; }
}
