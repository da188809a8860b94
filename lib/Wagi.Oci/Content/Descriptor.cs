namespace Wagi.Oci.Content;

/// <summary>Says what some content is and how to recognise it (OCI image spec 1.1, "OCI Content Descriptors").</summary>
public sealed record Descriptor
{
    /// <summary>Media type of the content, see <see cref="MediaTypes"/>.</summary>
    public required string MediaType { get; init; }

    /// <summary>Digest of the content.</summary>
    public required Digest Digest { get; init; }

    /// <summary>Size of the content in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Type of the artifact that the content, a manifest, describes.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>What the content runs on; set on the entries of an <see cref="ImageIndex"/>.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Free annotations, sorted, so that the same annotations always give the same bytes.</summary>
    public SortedDictionary<string, string?>? Annotations { get; init; }

    /// <summary>The annotation <c>org.opencontainers.image.title</c>, by which ORAS names files; null without one.</summary>
    internal string? Title => Annotations?.GetValueOrDefault(AnnotationKeys.Title);
}
