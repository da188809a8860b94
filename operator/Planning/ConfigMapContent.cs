using System.Collections.Immutable;

namespace Wagi.Operator.Planning;

/// <summary>A ConfigMap as it was read.</summary>
/// <param name="Data">Its <c>data</c>. The keys of <c>binaryData</c> cannot be environment variables and are left out.</param>
public sealed record ConfigMapContent(ImmutableDictionary<string, string> Data);
