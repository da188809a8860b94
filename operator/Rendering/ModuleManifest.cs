using Wagi.Modules.Problems;
using Wagi.Operator.Resources;
using Wagi.Operator.Yaml;

namespace Wagi.Operator.Rendering;

/// <summary>A WagiModule in a manifest file.</summary>
/// <param name="Module">The WagiModule.</param>
/// <param name="Document">The document that holds it.</param>
/// <param name="Path">Where in the document: empty, or <c>items[2]</c> in a list.</param>
internal sealed record ModuleManifest(WagiModule Module, YamlDocument Document, string Path)
{
    /// <summary>Where a field such as <c>spec.route</c> stands.</summary>
    public SourceLocation Locate(string field) => Document.Locate(YamlDocument.Combine(Path, field));
}
