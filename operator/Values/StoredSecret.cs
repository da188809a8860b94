using System.Collections.Immutable;
using Wagi.Operator.ApiServer;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Values;

/// <summary>The parts of a <c>v1 Secret</c> that are used here.</summary>
internal sealed record StoredSecret
{
    public required PartialMetadata Metadata { get; init; }

    public string Type { get; init; } = "Opaque";

    public Dictionary<string, byte[]>? Data { get; init; }

    public SecretContent Content =>
        new(Metadata.Uid, Metadata.ResourceVersion, Type, (Data ?? []).ToImmutableDictionary(StringComparer.Ordinal));

    /// <summary>Names, never values: this may end in a log.</summary>
    public override string ToString() => $"Secret {Metadata.Namespace}/{Metadata.Name}";
}
