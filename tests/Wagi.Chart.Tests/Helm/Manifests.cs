using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Wagi.Chart.Tests.Helm;

/// <summary>Kubernetes objects that were read from YAML.</summary>
internal sealed class Manifests : IReadOnlyCollection<JsonObject>
{
    private readonly List<JsonObject> _objects;

    private Manifests(IEnumerable<JsonObject> objects) => _objects = [.. objects];

    public int Count => _objects.Count;

    /// <summary>Reads a stream of documents; empty ones are left out.</summary>
    public static Manifests Parse(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return new Manifests(stream.Documents.Select(document => ToJson(document.RootNode)).OfType<JsonObject>());
    }

    /// <summary>The one object of this kind and name.</summary>
    public JsonObject Get(string kind, string name) =>
        Assert.Single(_objects, item => Kind(item) == kind && (string?)item["metadata"]!["name"] == name);

    /// <summary>All objects of a kind.</summary>
    public IEnumerable<JsonObject> Of(string kind) => _objects.Where(item => Kind(item) == kind);

    /// <summary>The pods that workloads make: their specs by the workload's name.</summary>
    public IEnumerable<(string Name, JsonObject Spec)> Pods =>
        from item in _objects
        where Kind(item) is "Deployment" or "DaemonSet"
        select ((string)item["metadata"]!["name"]!, item["spec"]!["template"]!["spec"]!.AsObject());

    public IEnumerator<JsonObject> GetEnumerator() => _objects.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The kind of an object.</summary>
    public static string Kind(JsonObject item) => (string)item["kind"]!;

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, ToJson(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => Plain(plain.Value ?? ""),
        YamlScalarNode quoted => quoted.Value,
        _ => null,
    };

    private static JsonNode? Plain(string text) => text switch
    {
        "" or "null" or "~" => null,
        "true" => true,
        "false" => false,
        _ => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? JsonNode.Parse(text) : text,
    };
}
