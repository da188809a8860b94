using System.Collections.Immutable;
using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using k8s.Models;
using Wagi.Kubernetes.Resources;

namespace Wagi.Operator.Crds;

/// <summary>
/// Makes the CRDs from the C# types. Names and types of the properties come from their JSON metadata, the rest from their attributes. The
/// metadata is source-generated, so that the program compiled ahead of time prints the same CRDs.
/// </summary>
internal static class CrdGenerator
{
    /// <summary>The custom resources of this project.</summary>
    public static ImmutableArray<CustomResource> All { get; } =
    [
        new(typeof(WagiModule), WagiModule.KindName, WagiModule.Plural, WagiModule.Singular, WagiModule.ShortName, IsNamespaced: true),
        new(typeof(WagiClass), WagiClass.KindName, WagiClass.Plural, WagiClass.Singular, WagiClass.ShortName, IsNamespaced: false),
    ];

    /// <summary>The CustomResourceDefinition (<c>apiextensions.k8s.io/v1</c>).</summary>
    public static JsonObject Generate(CustomResource resource) => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject { ["name"] = $"{resource.Plural}.{WagiModule.Group}" },
        ["spec"] = new JsonObject
        {
            ["group"] = WagiModule.Group,
            ["names"] = new JsonObject
            {
                ["kind"] = resource.Kind,
                ["listKind"] = resource.Kind + "List",
                ["plural"] = resource.Plural,
                ["singular"] = resource.Singular,
                ["shortNames"] = new JsonArray(resource.ShortName),
            },
            ["scope"] = resource.IsNamespaced ? "Namespaced" : "Cluster",
            ["versions"] = new JsonArray(new JsonObject
            {
                ["name"] = WagiModule.Version,
                ["served"] = true,
                ["storage"] = true,
                ["additionalPrinterColumns"] = PrinterColumns(resource),
                ["schema"] = new JsonObject { ["openAPIV3Schema"] = Schema(resource.Kind) },
                ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
            }),
        },
    };

    /// <summary>The schema of a kind.</summary>
    public static JsonObject Schema(string kind = WagiModule.KindName) => SchemaOf(All.Single(resource => resource.Kind == kind).Type);

    private static JsonArray PrinterColumns(CustomResource resource) =>
        [.. resource.Type.GetCustomAttributes<PrinterColumnAttribute>().Select(PrinterColumn)];

    private static JsonNode PrinterColumn(PrinterColumnAttribute column)
    {
        var json = new JsonObject
        {
            ["name"] = column.Name,
            ["type"] = column.Type,
            ["description"] = column.Description,
            ["jsonPath"] = column.JsonPath,
        };
        if (column.Priority > 0)
        {
            json["priority"] = column.Priority;
        }

        return json;
    }

    private static JsonObject SchemaOf(Type type)
    {
        var info = ResourcesJsonContext.Default.GetTypeInfo(type)
            ?? throw new InvalidOperationException($"{type} is not known to {nameof(ResourcesJsonContext)}");
        return info.Kind switch
        {
            JsonTypeInfoKind.Object when type == typeof(V1ObjectMeta) => new JsonObject { ["type"] = "object" },
            JsonTypeInfoKind.Object => SchemaOfObject(info),
            JsonTypeInfoKind.Dictionary => new JsonObject { ["type"] = "object", ["additionalProperties"] = SchemaOf(info.ElementType!) },
            JsonTypeInfoKind.Enumerable => new JsonObject { ["type"] = "array", ["items"] = SchemaOf(info.ElementType!) },
            _ => SchemaOfValue(Nullable.GetUnderlyingType(type) ?? type),
        };
    }

    private static JsonObject SchemaOfValue(Type type) => type switch
    {
        _ when type == typeof(string) => new JsonObject { ["type"] = "string" },
        _ when type == typeof(int) => new JsonObject { ["type"] = "integer", ["format"] = "int32" },
        _ when type == typeof(long) => new JsonObject { ["type"] = "integer", ["format"] = "int64" },
        _ when type == typeof(bool) => new JsonObject { ["type"] = "boolean" },
        _ when type == typeof(JsonElement) => new JsonObject { ["x-kubernetes-preserve-unknown-fields"] = true }, // of several types
        _ when type == typeof(DateTimeOffset) => new JsonObject { ["type"] = "string", ["format"] = "date-time" },
        _ => throw new InvalidOperationException($"no schema is known for {type}"),
    };

    private static JsonObject SchemaOfObject(JsonTypeInfo type)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var property in type.Properties)
        {
            if (property.Get is null)
            {
                continue; // [JsonIgnore]
            }

            var schema = SchemaOf(property.PropertyType);
            var attributes = property.AttributeProvider?.GetCustomAttributes(inherit: false) ?? [];
            Decorate(schema, attributes);
            properties[property.Name] = schema;
            if (attributes.Any(attribute => attribute is SchemaAttribute { Required: true }))
            {
                required.Add((JsonNode)property.Name);
            }
        }

        var json = new JsonObject { ["type"] = "object" };
        var description = type.Type.GetCustomAttribute<DescriptionAttribute>();
        if (description is not null)
        {
            json["description"] = description.Description;
        }

        if (required.Count > 0)
        {
            json["required"] = required;
        }

        json["properties"] = properties;
        AddRules(json, [.. type.Type.GetCustomAttributes<RuleAttribute>()]);
        return json;
    }

    private static void Decorate(JsonObject schema, object[] attributes)
    {
        foreach (var attribute in attributes)
        {
            switch (attribute)
            {
                case DescriptionAttribute description:
                    schema.Insert(0, "description", description.Description);
                    break;
                case ItemSchemaAttribute items:
                    AddBounds(schema["items"]!.AsObject(), items);
                    break;
                case SchemaAttribute bounds:
                    AddBounds(schema, bounds);
                    break;
            }
        }

        AddRules(schema, [.. attributes.OfType<RuleAttribute>()]);
    }

    private static void AddBounds(JsonObject schema, SchemaAttribute bounds)
    {
        Add("format", bounds.Format);
        Add("pattern", bounds.Pattern);
        Add("enum", bounds.Enum is { } values ? new JsonArray([.. values.Select(ValueOf)]) : null);
        AddNumber("minLength", bounds.MinLength);
        AddNumber("maxLength", bounds.MaxLength);
        AddNumber("minItems", bounds.MinItems);
        AddNumber("maxItems", bounds.MaxItems);
        AddNumber("minimum", bounds.Minimum);
        AddNumber("maximum", bounds.Maximum);
        Add("x-kubernetes-list-type", bounds.ListType);
        Add("x-kubernetes-list-map-keys", bounds.ListMapKeys is { } key ? new JsonArray(key) : null);

        void Add(string name, JsonNode? value)
        {
            if (value is not null)
            {
                schema[name] = value;
            }
        }

        void AddNumber(string name, int value)
        {
            if (value >= 0)
            {
                schema[name] = value;
            }
        }
    }

    private static JsonNode ValueOf(object value) => value is bool boolean ? JsonValue.Create(boolean) : JsonValue.Create((string)value);

    private static void AddRules(JsonObject schema, RuleAttribute[] rules)
    {
        if (rules.Length == 0)
        {
            return;
        }

        // A property may have rules of its own in addition to those of its type.
        if (schema["x-kubernetes-validations"] is not JsonArray all)
        {
            schema["x-kubernetes-validations"] = all = [];
        }

        foreach (var rule in rules)
        {
            all.Add((JsonNode)new JsonObject { ["rule"] = rule.Expression, ["message"] = rule.Message });
        }
    }
}

/// <summary>A custom resource of this project.</summary>
/// <param name="Type">The type of its objects.</param>
/// <param name="Kind">Its <c>kind</c>.</param>
/// <param name="Plural">Its name in URLs.</param>
/// <param name="Singular">Its name for one object.</param>
/// <param name="ShortName">Its abbreviation for <c>kubectl</c>.</param>
/// <param name="IsNamespaced">Whether its objects belong to namespaces.</param>
internal sealed record CustomResource(
    Type Type, string Kind, string Plural, string Singular, string ShortName, bool IsNamespaced)
{
    /// <summary>The name that the generated file has by convention: group, underscore, plural.</summary>
    public string FileName => $"{WagiModule.Group}_{Plural}.yaml";
}
