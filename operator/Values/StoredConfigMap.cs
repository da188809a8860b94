using System.Collections.Immutable;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Values;

/// <summary>The parts of a <c>v1 ConfigMap</c> that are used here.</summary>
internal sealed record StoredConfigMap
{
    public Dictionary<string, string?>? Data { get; init; }

    public ConfigMapContent Content => new((Data ?? []).ToImmutableDictionary(pair => pair.Key, pair => pair.Value ?? "", StringComparer.Ordinal));
}
