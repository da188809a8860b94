using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Problems;
using Wagi.Operator.Crds;

namespace Wagi.Operator.Rendering;

/// <summary>
/// Checks the shape of one of our objects in a manifest: field names and types, as an API server with strict field validation does. The
/// plan checks the values.
/// </summary>
internal static class ManifestSchema
{
    private static readonly Dictionary<string, JsonObject> Schemas =
        CrdGenerator.All.ToDictionary(resource => resource.Kind, resource => CrdGenerator.Schema(resource.Kind), StringComparer.Ordinal);

    /// <summary>Told of a problem: the field's path, what is wrong, what to do.</summary>
    public delegate void Reporter(string field, string message, string? hint);

    /// <summary>Checks an object of a kind.</summary>
    public static void Check(JsonObject value, string kind, Reporter report) => Check(value, Schemas[kind], kind, "", report);

    private static void Check(JsonNode? value, JsonObject schema, string kind, string path, Reporter report)
    {
        if (value is null)
        {
            return; // The API server drops nulls.
        }

        if (schema["type"] is not { } type)
        {
            return; // Of several types; whoever reads the value says which are right.
        }

        var expected = type.GetValue<string>();
        if (TypeOf(value) is var actual && actual != expected)
        {
            var hint = expected == "string" && actual is "number" or "integer" or "boolean" ? AsText(value, schema) : null;
            report(path, $"{path} must be {Article(expected)} and is {Article(actual)}", hint);
            return;
        }

        switch (value)
        {
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                {
                    Check(items[i], schema["items"]!.AsObject(), kind, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), report);
                }

                break;
            case JsonObject json when schema["properties"] is JsonObject properties:
                foreach (var (name, member) in json)
                {
                    var inner = path.Length == 0 ? name : $"{path}.{name}";
                    if (properties[name] is JsonObject property)
                    {
                        Check(member, property, kind, inner, report);
                    }
                    else
                    {
                        report(inner, $"{inner} is not a field of a {kind}", Suggest(name, properties));
                    }
                }

                break;
        }
    }

    /// <summary>How a value is written that is a text, and was not meant as one.</summary>
    private static string? AsText(JsonNode value, JsonObject schema)
    {
        const string Example = "Example: ";
        var text = value.ToJsonString();
        if (schema["pattern"] is not { } pattern || Regex.IsMatch(text, pattern.GetValue<string>(), RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)))
        {
            return $"write \"{text}\" in quotes";
        }

        var description = schema["description"]?.GetValue<string>() ?? "";
        var at = description.LastIndexOf(Example, StringComparison.Ordinal);
        return at < 0 ? null : $"write for example {description[(at + Example.Length)..].TrimEnd('.')}";
    }

    private static string TypeOf(JsonNode value) => value switch
    {
        JsonObject => "object",
        JsonArray => "array",
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => value.AsValue().TryGetValue<long>(out _) ? "integer" : "number",
            _ => "boolean",
        },
    };

    private static string Article(string type) => type is "array" or "object" or "integer" ? $"an {type}" : $"a {type}";

    private static string Suggest(string name, JsonObject properties)
    {
        var known = properties.Select(property => property.Key).ToList();
        return NearestName.Of(name, known) is { } nearest ? $"did you mean {nearest}?" : $"known are {string.Join(", ", known)}";
    }
}
