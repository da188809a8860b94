using System.Text.Json.Nodes;
using Wagi.Modules.Problems;

namespace Wagi.Operator.Yaml;

/// <summary>One document of a YAML file, as JSON that knows where its parts stand.</summary>
/// <param name="Root">The value; null for an empty document.</param>
/// <param name="Locations">Path (<c>spec.env[0].name</c>, empty for the root) → place of the key or item.</param>
internal sealed record YamlDocument(JsonNode? Root, IReadOnlyDictionary<string, SourceLocation> Locations)
{
    /// <summary>Where <paramref name="path"/> stands, or the nearest part around it that is there.</summary>
    public SourceLocation Locate(string path)
    {
        SourceLocation location;
        while (!Locations.TryGetValue(path, out location) && path.Length > 0)
        {
            path = path[..Math.Max(0, path.LastIndexOfAny(['.', '[']))];
        }

        return location;
    }

    /// <summary>The path of a part of <paramref name="path"/>.</summary>
    public static string Combine(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";
}
