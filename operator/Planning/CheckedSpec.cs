using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Oci.References;

namespace Wagi.Operator.Planning;

/// <summary>A spec in which every field is valid.</summary>
/// <param name="Draft">The entry, without the digest and the values from Secrets and ConfigMaps.</param>
/// <param name="Image">The module's OCI reference; null for a <c>bindle:</c> module.</param>
/// <param name="PullSecrets">Names of the pull secrets, in the order of the spec.</param>
/// <param name="Variables">The environment variables whose values are elsewhere, in the order of the spec.</param>
internal sealed record CheckedSpec(
    ModuleEntry Draft, Reference? Image, ImmutableArray<string> PullSecrets, ImmutableArray<ReferencedVariable> Variables);

/// <summary>An environment variable whose value is in a Secret or ConfigMap.</summary>
/// <param name="Name">The variable.</param>
/// <param name="Source">Where to look.</param>
/// <param name="Object">Name of the Secret or ConfigMap, in the WagiModule's namespace.</param>
/// <param name="Key">The key in it.</param>
/// <param name="Optional">Whether the module is served without the variable when there is no such object or key.</param>
internal sealed record ReferencedVariable(string Name, VariableSource Source, string Object, string Key, bool Optional);

/// <summary>The kinds of objects that hold values of environment variables.</summary>
internal enum VariableSource
{
    /// <summary>A Secret.</summary>
    Secret,

    /// <summary>A ConfigMap.</summary>
    ConfigMap,
}
