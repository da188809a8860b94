using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Wagi.Kubernetes.Resources;

namespace Wagi.Operator.Crds;

/// <summary>Writes the reference of a custom resource from its CRD: what <c>kubectl explain</c> says, as one page of Markdown.</summary>
internal sealed class ReferencePage
{
    private readonly StringBuilder _page = new();

    private ReferencePage()
    {
    }

    /// <summary>The name of the page: <c>wagimodule.md</c>.</summary>
    public static string FileName(CustomResource resource) => $"{resource.Singular}.md";

    /// <summary>The page.</summary>
    public static string Text(CustomResource resource)
    {
        var page = new ReferencePage();
        page.Write(resource, CrdGenerator.Generate(resource)["spec"]!);
        return page._page.ToString();
    }

    private void Write(CustomResource resource, JsonNode crd)
    {
        var version = crd["versions"]![0]!;
        var schema = version["schema"]!["openAPIV3Schema"]!;
        var spec = schema["properties"]!["spec"]!.AsObject();
        var status = schema["properties"]!["status"]!.AsObject();
        Lines(
            "<!-- Generated from the CRD by `make crds`; do not edit. -->",
            $"# {resource.Kind}",
            "",
            (string)schema["description"]!,
            "",
            "```yaml",
            $"apiVersion: {crd["group"]}/{version["name"]}",
            $"kind: {crd["names"]!["kind"]}",
            "metadata:",
            $"  name: {(resource.IsNamespaced ? "hello" : "shop")}",
            $"spec:{(Required(spec).Length == 0 ? $" {Parse(spec).Example}" : "")}");
        Lines([.. Required(spec).Select(name => $"  {Example(name, Parse(spec["properties"]![name]!.AsObject()))}")]);
        Lines(
            "```",
            "",
            $"A {resource.Kind} belongs to {(resource.IsNamespaced ? "a namespace" : "the cluster")}; its short name is `{resource.ShortName}`. " +
            $"On a cluster, `kubectl explain {resource.Singular}.spec` says the same as this page, and `wagi-operator crds` prints the CRD.",
            "");
        Overview("spec", spec);
        Overview("status", status);
        if (resource.Kind == WagiModule.KindName)
        {
            Conditions();
        }

        Columns(version["additionalPrinterColumns"]!.AsArray());
        Lines("## Fields of spec", "");
        Fields("spec", spec);
        Lines("## Fields of status", "");
        Fields("status", status);
        _page.Length--; // One final newline.
    }

    private void Overview(string name, JsonObject schema)
    {
        Lines($"## {name}", "", Parse(schema).Text, "", "| field | type | |", "|---|---|---|");
        foreach (var (field, child) in Properties(schema))
        {
            var text = Parse(child);
            var remark = Required(schema).Contains(field) ? "required" : text.Default.Length > 0 ? $"default: {Code(text.Default)}" : "";
            Lines($"| [`{field}`](#{Anchor($"{name}.{field}")}) | {TypeOf(child)} | {remark} |");
        }

        Lines("");
    }

    private void Conditions()
    {
        Lines(
            "## Conditions",
            "",
            "[Operations](operations.md#conditions) says for each reason what to do.",
            "",
            "| condition | True means | reasons of True | other reasons |",
            "|---|---|---|---|");
        foreach (var (type, meaning, whenTrue, others) in ConditionCatalog.All)
        {
            Lines($"| `{type}` | {meaning} | {Quote(whenTrue)} | {Quote(others)} |");
        }

        Lines("");
    }

    private void Columns(JsonArray columns)
    {
        Lines("## Columns of kubectl get", "", "| column | |", "|---|---|");
        foreach (var column in columns)
        {
            var wide = column!["priority"] is null ? "" : " With `-o wide`.";
            Lines($"| {column["name"]} | {column["description"]}{wide} |");
        }

        Lines("");
    }

    private void Fields(string path, JsonObject schema)
    {
        foreach (var (name, child) in Properties(schema))
        {
            Field($"{path}.{name}", name, child, Required(schema).Contains(name));
            Fields($"{path}.{name}{(child["items"] is null ? "" : "[]")}", child["items"]?.AsObject() ?? child);
        }
    }

    private void Field(string path, string name, JsonObject schema, bool isRequired)
    {
        var text = Parse(schema);
        Lines($"### {path}", "", $"{TypeOf(schema)}{(isRequired ? ", required" : "")}{Limits(schema)}", "", text.Text, "");
        string[] more =
        [
            .. text.Default.Length > 0 ? [$"- Default: {Code(text.Default)}."] : Array.Empty<string>(),
            .. Rules(schema).Select(message => $"- Refused otherwise: \"{message}\"."),
            .. Patterns(schema),
        ];
        if (more.Length > 0)
        {
            Lines([.. more, ""]);
        }

        Lines("```yaml", Example(name, text), "```", "");
    }

    private static string TypeOf(JsonObject schema) => (string?)schema["type"] switch
    {
        null => "boolean or string",
        "array" => $"array of {TypeOf(schema["items"]!.AsObject())}s",
        var type => type,
    };

    private static string Limits(JsonObject schema)
    {
        var limits = new StringBuilder();
        Add(schema, "minLength", "maxLength", "characters", ", ");
        Add(schema, "minimum", "maximum", "", ", ");
        Add(schema, "minItems", "maxItems", "items", ", ");
        if (schema["items"] is JsonObject items)
        {
            Add(items, "minLength", "maxLength", "characters", ", each ");
        }

        if (schema["enum"] is JsonArray values)
        {
            limits.Append(CultureInfo.InvariantCulture, $", one of {string.Join(", ", values.Select(value => $"`{value}`"))}");
        }

        return limits.ToString();

        void Add(JsonObject bounded, string least, string most, string unit, string separator)
        {
            var text = (Number(bounded[least]), Number(bounded[most])) switch
            {
                (null, null) => null,
                (null, { } high) => $"at most {high}",
                ({ } low, null) => $"{low} or more",
                ({ } low, { } high) => $"{low} to {high}",
            };
            if (text is not null)
            {
                limits.Append(separator).Append(text).Append(unit.Length > 0 ? " " : "").Append(unit);
            }
        }
    }

    private static string? Number(JsonNode? node) => node?.GetValue<int>().ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>What CEL checks, of the value and of each of its items.</summary>
    private static IEnumerable<string> Rules(JsonObject schema) =>
        new[] { schema, schema["items"] as JsonObject }
            .SelectMany(node => node?["x-kubernetes-validations"] as JsonArray ?? [])
            .Select(rule => (string)rule!["message"]!);

    private static IEnumerable<string> Patterns(JsonObject schema) =>
        new (JsonNode? Node, string Before)[] { (schema["pattern"], "Matches"), (schema["items"]?["pattern"], "Each matches") }
            .Where(pattern => pattern.Node is not null)
            .Select(pattern => $"- {pattern.Before} `{pattern.Node}`.");

    private static IEnumerable<(string Name, JsonObject Schema)> Properties(JsonObject schema) =>
        (schema["properties"] as JsonObject ?? []).Select(property => (property.Key, property.Value!.AsObject()));

    private static string[] Required(JsonObject schema) => [.. (schema["required"] as JsonArray ?? []).Select(name => (string)name!)];

    private static FieldText Parse(JsonObject schema) => FieldText.Parse((string?)schema["description"] ?? "");

    private static string Example(string name, FieldText text) => $"{name}: {text.Example}";

    /// <summary>A value as code; what is told in words stays as it is.</summary>
    private static string Code(string text) => text.Contains(' ') && !text.Contains('$') ? text : $"`{text}`";

    private static string Quote(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"`{name}`"));

    /// <summary>The fragment that a heading gets where Markdown is shown: lower case, without punctuation.</summary>
    private static string Anchor(string heading) => string.Concat(heading.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    private void Lines(params ReadOnlySpan<string> lines)
    {
        foreach (var line in lines)
        {
            _page.Append(line).Append('\n');
        }
    }
}

/// <summary>The parts of a field's description, which is one text for <c>kubectl explain</c>: <c>TEXT Default: VALUE. Example: VALUE</c>.</summary>
/// <param name="Text">What the field is for.</param>
/// <param name="Default">What applies when it is missing; empty: not said.</param>
/// <param name="Example">A value as it stands in YAML; empty: none.</param>
internal sealed partial record FieldText(string Text, string Default, string Example)
{
    /// <summary>Takes a description apart.</summary>
    public static FieldText Parse(string description)
    {
        var match = Parts().Match(description);
        return new FieldText(match.Groups["text"].Value, match.Groups["default"].Value, match.Groups["example"].Value);
    }

    [GeneratedRegex(@"^(?<text>.*?)( Default: (?<default>.+?)\.(?= Example: |$))?( Example: (?<example>.+))?$")]
    private static partial Regex Parts();
}
