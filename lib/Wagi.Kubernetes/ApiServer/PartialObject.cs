using System.Diagnostics.CodeAnalysis;

namespace Wagi.Kubernetes.ApiServer;

/// <summary>An object of which only the metadata was asked for (<c>PartialObjectMetadata</c>): neither content nor managed fields.</summary>
public sealed record PartialObject
{
    /// <summary>The <c>Accept</c> header by which a list answers with metadata only (Kubernetes API concepts, "Metadata-only fetches").</summary>
    public const string AcceptList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

    /// <summary>The same for a watch and for a single object.</summary>
    public const string Accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

    public required PartialMetadata Metadata { get; init; }

    public ObjectIdentity Identity => new(new ObjectKey(Metadata.Namespace, Metadata.Name), Metadata.ResourceVersion);
}

/// <summary>
/// The parts of <c>meta/v1 ObjectMeta</c> that every object has and that are used here. Defaults stand in the getters: an initializer is lost
/// when the generated JSON reader fills an <c>init</c> property whose member is missing.
/// </summary>
public record PartialMetadata
{
    public required string Name { get; init; }

    [AllowNull]
    public string Namespace { get => field ?? ""; init; }

    [AllowNull]
    public string Uid { get => field ?? ""; init; }

    [AllowNull]
    public string ResourceVersion { get => field ?? ""; init; }

    public DateTimeOffset? DeletionTimestamp { get; init; }
}
