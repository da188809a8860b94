using System.Collections.Immutable;
using System.Text;
using Wagi.Operator.ApiServer;

namespace Wagi.Operator.Applying;

/// <summary>A ConfigMap or Secret as the API server has it.</summary>
internal sealed record StoredData
{
    public required PartialMetadata Metadata { get; init; }

    /// <summary>Type of a Secret.</summary>
    public string? Type { get; init; }

    /// <summary>Text in a ConfigMap, base64 in a Secret.</summary>
    public Dictionary<string, string?>? Data { get; init; }

    /// <summary>The data as bytes.</summary>
    public ImmutableSortedDictionary<string, byte[]> Content(bool isSecret) =>
        (Data ?? []).ToImmutableSortedDictionary(
            pair => pair.Key,
            pair => isSecret ? Convert.FromBase64String(pair.Value ?? "") : Encoding.UTF8.GetBytes(pair.Value ?? ""),
            StringComparer.Ordinal);

    /// <summary>Names, never values: this may end in a log.</summary>
    public override string ToString() => $"{Metadata.Namespace}/{Metadata.Name} with {Data?.Count ?? 0} keys";
}
