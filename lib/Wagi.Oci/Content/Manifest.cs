using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Oci.Content;

/// <summary>
/// An image or artifact manifest (OCI image spec 1.1, "OCI Image Manifest"; Docker's schema 2 has the same shape).
/// </summary>
public sealed record Manifest : IJsonOnDeserialized
{
    /// <summary>Always 2.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>The manifest's own media type; old OCI manifests leave it out.</summary>
    public string? MediaType { get; init; }

    /// <summary>What the artifact is, where the configuration does not say it.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>The configuration blob.</summary>
    public required Descriptor Config { get; init; }

    /// <summary>The layers, lowest first.</summary>
    public required IReadOnlyList<Descriptor> Layers { get; init; }

    /// <summary>Annotations, sorted so that the same ones always give the same bytes.</summary>
    public SortedDictionary<string, string?>? Annotations { get; init; }

    void IJsonOnDeserialized.OnDeserialized()
    {
        if (Layers.Contains(null))
        {
            throw new JsonException("one of its 'layers' is null");
        }
    }
}

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
        if (Manifests.Contains(null))
        {
            throw new JsonException("one of its 'manifests' is null");
        }
    }
}

/// <summary>Source-generated JSON for manifests: no reflection, and the same bytes for the same content.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(ImageIndex))]
internal sealed partial class ContentJsonContext : JsonSerializerContext;
