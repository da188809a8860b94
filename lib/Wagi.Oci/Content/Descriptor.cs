using System.Text.Json.Serialization;

namespace Wagi.Oci.Content;

/// <summary>What some content is and how to verify it (OCI image spec 1.1, "OCI Content Descriptors").</summary>
public sealed record Descriptor
{
    /// <summary>Media type of the content, see <see cref="MediaTypes"/>.</summary>
    public required string MediaType { get; init; }

    /// <summary>Digest of the content.</summary>
    public required Digest Digest { get; init; }

    /// <summary>Size of the content in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>What kind of artifact a manifest is of; the entries of a list of referrers may have it.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>What the content runs on; the entries of an <see cref="ImageIndex"/> have it.</summary>
    public Platform? Platform { get; init; }

    /// <summary>Annotations, sorted so that the same ones always give the same bytes.</summary>
    public SortedDictionary<string, string?>? Annotations { get; init; }

    /// <summary>The annotation <c>org.opencontainers.image.title</c>, by which ORAS names files; null without one.</summary>
    internal string? Title => Annotations?.GetValueOrDefault(AnnotationKeys.Title);
}

/// <summary>What an image runs on (OCI image spec 1.1, "OCI Image Index").</summary>
public sealed record Platform
{
    /// <summary>Processor architecture, as GOARCH names it: <c>amd64</c>, <c>wasm</c>.</summary>
    public string? Architecture { get; init; }

    /// <summary>Operating system, as GOOS names it: <c>linux</c>, <c>wasip1</c>, <c>wasi</c>.</summary>
    [JsonPropertyName("os")]
    public string? OperatingSystem { get; init; }

    /// <summary>Variant of the architecture, such as <c>v8</c>.</summary>
    public string? Variant { get; init; }

    /// <summary><c>os/architecture[/variant]</c>.</summary>
    public override string ToString() => Variant is null ? $"{OperatingSystem}/{Architecture}" : $"{OperatingSystem}/{Architecture}/{Variant}";
}

/// <summary>Annotation keys of the OCI image spec 1.1 ("Annotations").</summary>
public static class AnnotationKeys
{
    /// <summary>When the artifact was built, RFC 3339.</summary>
    public const string Created = "org.opencontainers.image.created";

    /// <summary>On a layer: the file name that ORAS gives it when it pulls.</summary>
    public const string Title = "org.opencontainers.image.title";

    /// <summary>On a layer: <c>true</c> if it is the archive of a folder, which ORAS unpacks.</summary>
    public const string Unpack = "io.deis.oras.content.unpack";
}
