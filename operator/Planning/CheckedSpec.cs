using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Oci.References;

namespace Wagi.Operator.Planning;

/// <summary>A spec in which every field says something that can be.</summary>
/// <param name="Draft">The entry, but for the digest and what comes from Secrets and ConfigMaps.</param>
/// <param name="Image">The module's OCI reference; null for a <c>bindle:</c> module.</param>
/// <param name="PullSecrets">Names of the pull secrets, in the order of the spec.</param>
/// <param name="Variables">The environment variables whose values are elsewhere, in the order of the spec.</param>
internal sealed record CheckedSpec(
    ModuleEntry Draft, Reference? Image, ImmutableArray<string> PullSecrets, ImmutableArray<ReferencedVariable> Variables);
