using System.Collections.Immutable;
using Wagi.Modules.Problems;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Rendering;

/// <summary>What concerns this program in one manifest file.</summary>
/// <param name="Modules">The WagiModules that can be read.</param>
/// <param name="Secrets">The Secrets.</param>
/// <param name="ConfigMaps">The ConfigMaps.</param>
/// <param name="Problems">What cannot be read.</param>
internal sealed record ManifestFile(
    ImmutableArray<ModuleManifest> Modules,
    ImmutableDictionary<ObjectKey, SecretContent> Secrets,
    ImmutableDictionary<ObjectKey, ConfigMapContent> ConfigMaps,
    ImmutableArray<Problem> Problems);
