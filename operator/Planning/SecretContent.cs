using System.Collections.Immutable;

namespace Wagi.Operator.Planning;

/// <summary>A Secret as it was read.</summary>
/// <param name="Uid">Its <c>metadata.uid</c>.</param>
/// <param name="ResourceVersion">Its <c>metadata.resourceVersion</c>.</param>
/// <param name="Type">Its <c>type</c>, such as <c>kubernetes.io/dockerconfigjson</c>.</param>
/// <param name="Data">Its keys and decoded values.</param>
public sealed record SecretContent(string Uid, string ResourceVersion, string Type, ImmutableDictionary<string, byte[]> Data)
{
    /// <summary>Names, never values: this may end in a log.</summary>
    public override string ToString() => $"Secret of type {Type} with {Data.Count} keys";
}
