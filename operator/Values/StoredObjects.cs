using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Values;

/// <summary>The parts of a <c>v1 Secret</c> that are used here.</summary>
internal sealed record StoredSecret
{
    public required PartialMetadata Metadata { get; init; }

    [AllowNull]
    public string Type { get => field ?? "Opaque"; init; }

    public Dictionary<string, byte[]?>? Data { get; init; }

    public SecretContent Content =>
        new(Metadata.Uid, Metadata.ResourceVersion, Type, (Data ?? []).ToImmutableDictionary(pair => pair.Key, pair => pair.Value ?? [], StringComparer.Ordinal));

    /// <summary>Names, never values: this may end in a log.</summary>
    public override string ToString() => $"Secret {Metadata.Namespace}/{Metadata.Name}";
}

/// <summary>The parts of a <c>v1 ConfigMap</c> that are used here.</summary>
internal sealed record StoredConfigMap
{
    public Dictionary<string, string?>? Data { get; init; }

    public ConfigMapContent Content => new((Data ?? []).ToImmutableDictionary(pair => pair.Key, pair => pair.Value ?? "", StringComparer.Ordinal));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StoredSecret))]
[JsonSerializable(typeof(StoredConfigMap))]
internal sealed partial class ValuesJsonContext : JsonSerializerContext;
