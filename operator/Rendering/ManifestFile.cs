using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Problems;
using Wagi.Operator.Classes;
using Wagi.Operator.Planning;
using Wagi.Operator.Yaml;

namespace Wagi.Operator.Rendering;

/// <summary>The parts of one manifest file that matter here.</summary>
/// <param name="Modules">The WagiModules that can be read.</param>
/// <param name="Secrets">The Secrets.</param>
/// <param name="ConfigMaps">The ConfigMaps.</param>
/// <param name="Classes">The WagiClasses.</param>
/// <param name="Namespaces">The Namespaces.</param>
/// <param name="Unread">The WagiModules whose current text cannot be read; their last good text may still be among the modules.</param>
/// <param name="Problems">What cannot be read.</param>
internal sealed record ManifestFile(
    ImmutableArray<ModuleManifest> Modules,
    ImmutableDictionary<ObjectKey, SecretContent> Secrets,
    ImmutableDictionary<ObjectKey, ConfigMapContent> ConfigMaps,
    ImmutableArray<ClassManifest> Classes,
    ImmutableArray<TenantNamespace> Namespaces,
    ImmutableHashSet<ObjectKey> Unread,
    ImmutableArray<Problem> Problems)
{
    /// <summary>Whether there is, or may be, a WagiClass in it that cannot be read: without its rules nothing can be decided.</summary>
    public bool HasUnreadClass { get; init; }

    /// <summary>A file of which nothing can be read.</summary>
    /// <param name="problem">Why not.</param>
    /// <param name="text">What is in it; null: not known. A text that never names the kind, such as a template of a chart, holds no WagiClass.</param>
    public static ManifestFile Unreadable(Problem problem, string? text) => new(
        [],
        ImmutableDictionary<ObjectKey, SecretContent>.Empty,
        ImmutableDictionary<ObjectKey, ConfigMapContent>.Empty,
        [],
        [],
        [],
        [problem])
    {
        HasUnreadClass = text?.Contains(WagiClass.KindName, StringComparison.Ordinal) ?? true,
    };

    /// <summary>This file, which had no problem, in place of a newer text that has some. The old text counts as a whole.</summary>
    public ManifestFile InPlaceOf(ManifestFile newer) => this with
    {
        Unread = newer.Unread.Union(Modules.Select(manifest => manifest.Module.Key)),
        Problems = newer.Problems,
    };
}

/// <summary>A WagiModule in a manifest file.</summary>
/// <param name="Module">The WagiModule.</param>
/// <param name="Document">The document that holds it.</param>
/// <param name="Path">Where in the document: empty, or <c>items[2]</c> in a list.</param>
internal sealed record ModuleManifest(WagiModule Module, YamlDocument Document, string Path)
{
    /// <summary>Where a field such as <c>spec.route</c> stands.</summary>
    public SourceLocation Locate(string field) => Document.Locate(YamlDocument.Combine(Path, field));
}

/// <summary>A WagiClass in a manifest file.</summary>
/// <param name="Class">The WagiClass.</param>
/// <param name="Document">The document that holds it.</param>
/// <param name="Path">Where in the document.</param>
internal sealed record ClassManifest(WagiClass Class, YamlDocument Document, string Path)
{
    /// <summary>Where a field stands.</summary>
    public SourceLocation Locate(string field) => Document.Locate(YamlDocument.Combine(Path, field));
}
