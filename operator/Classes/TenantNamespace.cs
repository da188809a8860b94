using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Operator.Classes;

/// <summary>A Namespace as the rules of a class see it: its metadata.</summary>
internal sealed record TenantNamespace
{
    /// <summary>The annotation with the path that the namespace has in a class of mode <c>Prefix</c>.</summary>
    public const string RoutePrefixAnnotation = "wagi.dev/route-prefix";

    /// <summary>The label that API servers put on every namespace since Kubernetes 1.21.</summary>
    private const string NameLabel = "kubernetes.io/metadata.name";

    public required NamespaceMetadata Metadata { get; init; }

    /// <summary>Its name.</summary>
    [JsonIgnore]
    public string Name => Metadata.Name;

    [JsonIgnore]
    public ObjectIdentity Identity => new(KeyOf(Name), Metadata.ResourceVersion);

    /// <summary>Its labels, with its name as one.</summary>
    [JsonIgnore]
    public ImmutableDictionary<string, string?> Labels => Metadata.Labels.ToImmutableDictionary(StringComparer.Ordinal).SetItem(NameLabel, Name);

    /// <summary>What the annotation says; null: it is not there.</summary>
    [JsonIgnore]
    public string? RoutePrefix => Metadata.Annotations.GetValueOrDefault(RoutePrefixAnnotation);

    /// <summary>The key of a namespace, which is an object of the cluster.</summary>
    public static ObjectKey KeyOf(string name) => new("", name);

    /// <summary>A namespace of which no more than the name is known.</summary>
    public static TenantNamespace Named(string name) => new() { Metadata = new NamespaceMetadata { Name = name } };
}

/// <summary>The parts of a Namespace's metadata that are used here. It may have neither labels nor annotations.</summary>
internal sealed record NamespaceMetadata : PartialMetadata
{
    [AllowNull]
    public Dictionary<string, string?> Labels { get => field ?? []; init; }

    [AllowNull]
    public Dictionary<string, string?> Annotations { get => field ?? []; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(TenantNamespace))]
internal sealed partial class ClassesJsonContext : JsonSerializerContext;
