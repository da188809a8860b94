using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Wagi.Architecture.Tests.Json;

/// <summary>Makes documents from what the serializer knows about a type, and takes them apart.</summary>
internal static class SampleDocument
{
    // Strings have rules of their own where they are digests, times or base64: the first of these that the type takes is used.
    private static readonly JsonNode[] Scalars =
    [
        "AAAA", 1, true, "2026-01-02T03:04:05Z", $"sha256:{new string('a', 64)}", new JsonObject(),
    ];

    /// <summary>A document in which every member has a value, and every list and map one element.</summary>
    public static JsonNode Full(JsonTypeInfo type) => type.Kind switch
    {
        JsonTypeInfoKind.Object => new JsonObject(
            from property in type.Properties
            where property.Set is not null || property.AssociatedParameter is not null
            select KeyValuePair.Create(property.Name, (JsonNode?)Full(type.Options.GetTypeInfo(property.PropertyType)))),
        JsonTypeInfoKind.Enumerable => new JsonArray(Full(type.Options.GetTypeInfo(type.ElementType!))),
        JsonTypeInfoKind.Dictionary => new JsonObject { ["key"] = Full(type.Options.GetTypeInfo(type.ElementType!)) },
        _ => Scalar(type),
    };

    /// <summary>The document with one member or element missing, or null, in turn; each with the place that was changed.</summary>
    public static IEnumerable<(string Place, string Json)> Damaged(JsonNode document)
    {
        yield return ("$: {}", "{}");
        foreach (var place in Places(document, []))
        {
            var path = string.Join('/', place);
            yield return ($"{path}: null", With(document, place, (parent, name) => Replace(parent, name, null)));
            yield return ($"{path}: missing", With(document, place, Remove));
            // Old servers write empty lists and maps where new ones leave the member out.
            if (At(document, place) is JsonArray) yield return ($"{path}: []", With(document, place, (parent, name) => Replace(parent, name, new JsonArray())));
            if (At(document, place) is JsonObject) yield return ($"{path}: {{}}", With(document, place, (parent, name) => Replace(parent, name, new JsonObject())));
        }
    }

    private static JsonNode Scalar(JsonTypeInfo type)
    {
        var underlying = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (underlying.IsEnum) return Enum.GetNames(underlying)[0];
        return Scalars.First(scalar => Reads(scalar, type)).DeepClone();
    }

    private static bool Reads(JsonNode scalar, JsonTypeInfo type)
    {
        try
        {
            return scalar.Deserialize(type) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static IEnumerable<string[]> Places(JsonNode? node, string[] path)
    {
        IEnumerable<(string Name, JsonNode? Node)> children = node switch
        {
            JsonObject members => members.Select(member => (member.Key, member.Value)),
            JsonArray elements => elements.Select((element, index) => ($"{index}", element)),
            _ => [],
        };
        foreach (var (name, child) in children)
        {
            string[] place = [.. path, name];
            yield return place;
            foreach (var below in Places(child, place)) yield return below;
        }
    }

    private static string With(JsonNode document, string[] place, Action<JsonNode, string> change)
    {
        var copy = document.DeepClone();
        change(At(copy, place[..^1])!, place[^1]);
        return copy.ToJsonString();
    }

    private static JsonNode? At(JsonNode document, IEnumerable<string> place) => place.Aggregate<string, JsonNode?>(
        document, (node, name) => node is JsonArray array ? array[int.Parse(name, null)] : node![name]);

    private static void Replace(JsonNode parent, string name, JsonNode? value)
    {
        if (parent is JsonArray array) array[int.Parse(name, null)] = value;
        else parent[name] = value;
    }

    private static void Remove(JsonNode parent, string name)
    {
        if (parent is JsonArray array) array.RemoveAt(int.Parse(name, null));
        else parent.AsObject().Remove(name);
    }
}
