using System.Globalization;
using System.Text.Json.Nodes;
using Wagi.Modules.Problems;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Wagi.Operator.Yaml;

/// <summary>Reads YAML, and JSON as the YAML that it is, the way kubectl does: plain scalars have the types of YAML 1.1.</summary>
internal sealed class YamlReader
{
    private const int MaxDepth = 64;

    private readonly string _file;
    private readonly Dictionary<string, SourceLocation> _locations = new(StringComparer.Ordinal);

    private YamlReader(string file) => _file = file;

    /// <summary>The documents of a text, or what is wrong with it.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="file">The name to give in locations.</param>
    /// <param name="problem">Null, or the first error; there are no documents then.</param>
    public static IReadOnlyList<YamlDocument> Read(string text, string file, out Problem? problem)
    {
        problem = null;
        using var reader = new StringReader(text);
        var parser = new Parser(reader);
        try
        {
            var stream = new YamlStream();
            stream.Load(parser);
            return [.. stream.Documents.Select(document => new YamlReader(file).ReadDocument(document.RootNode))];
        }
        catch (YamlException exception)
        {
            var location = new SourceLocation(file, (int)exception.Start.Line, (int)exception.Start.Column);
            problem = FindTab(text, file) ?? new Problem(location, ProblemSeverity.Error, $"not well-formed YAML: {exception.Message.TrimEnd('.')}");
            return [];
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // What the library throws at some texts, such as a list without its end. It knows no more than how far it came.
            var location = new SourceLocation(file, (int)(parser.Current?.End.Line ?? 0), (int)(parser.Current?.End.Column ?? 0));
            problem = new Problem(location, ProblemSeverity.Error, "not well-formed YAML from here on", "look for a bracket or a quote without its counterpart");
            return [];
        }
    }

    /// <summary>
    /// The line whose indentation with a tab makes a text unreadable (YAML 1.2 §6.1): with it there is an error, and without it none. The
    /// library says where the part began that it was reading then, often at 1:1.
    /// </summary>
    private static Problem? FindTab(string text, string file)
    {
        var lines = text.Split('\n');
        var line = Array.FindIndex(lines, line => line[..^line.TrimStart().Length].Contains('\t', StringComparison.Ordinal));
        return line >= 0 && IsYaml(lines[..line]) && !IsYaml(lines[..(line + 1)])
            ? new Problem(
                new SourceLocation(file, line + 1, lines[line].IndexOf('\t', StringComparison.Ordinal) + 1), ProblemSeverity.Error,
                "not well-formed YAML: the line is indented with a tab", "indent with spaces")
            : null;
    }

    private static bool IsYaml(string[] lines)
    {
        try
        {
            using var reader = new StringReader(string.Join('\n', lines));
            new YamlStream().Load(reader);
            return true;
        }
        catch (Exception exception) when (exception is YamlException or InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    private YamlDocument ReadDocument(YamlNode root)
    {
        _locations[""] = Locate(root);
        return new YamlDocument(Read(root, "", 0), _locations);
    }

    private JsonNode? Read(YamlNode node, string path, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new YamlException(node.Start, node.End, $"nested deeper than {MaxDepth} levels");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                var json = new JsonObject();
                foreach (var (keyNode, value) in mapping.Children)
                {
                    var key = keyNode is YamlScalarNode { Value: { } text } ? text : throw new YamlException(keyNode.Start, keyNode.End, "a key must be a text");
                    var inner = YamlDocument.Combine(path, key);
                    _locations[inner] = Locate(keyNode);
                    json[key] = Read(value, inner, depth + 1);
                }

                return json;
            case YamlSequenceNode sequence:
                var items = new JsonArray();
                foreach (var item in sequence.Children)
                {
                    var inner = string.Create(CultureInfo.InvariantCulture, $"{path}[{items.Count}]");
                    _locations[inner] = Locate(item);
                    items.Add(Read(item, inner, depth + 1));
                }

                return items;
            default:
                return ReadScalar((YamlScalarNode)node);
        }
    }

    private static JsonValue? ReadScalar(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain || !scalar.Tag.IsEmpty)
        {
            return JsonValue.Create(text);
        }

        return text.ToLowerInvariant() switch
        {
            "" or "~" or "null" => null,
            "true" or "yes" or "on" => JsonValue.Create(true),
            "false" or "no" or "off" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => JsonValue.Create(integer),
            _ when IsNumber(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }

    private static bool IsNumber(string text) => char.IsAsciiDigit(text[^1]) && text[0] is '-' or '+' or '.' or (>= '0' and <= '9');

    private SourceLocation Locate(YamlNode node) => new(_file, (int)node.Start.Line, (int)node.Start.Column);
}

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
