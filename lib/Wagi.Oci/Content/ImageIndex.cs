using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Oci.Content;

/// <summary>A list of manifests, one per platform (OCI image spec 1.1, "OCI Image Index"; Docker's manifest list).</summary>
public sealed record ImageIndex : IJsonOnDeserialized
{
    /// <summary>Always 2.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>The index's own media type.</summary>
    public string? MediaType { get; init; }

    /// <summary>The entries.</summary>
    public required IReadOnlyList<Descriptor> Manifests { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Manifests.Contains(null)) throw new JsonException("one of its 'manifests' is null");
    }
}
