using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Wagi.Architecture.Tests.Json;

/// <summary>A type that one of our generated JSON contexts reads whole documents of.</summary>
/// <param name="Context">The context.</param>
/// <param name="Type">The type.</param>
public sealed record JsonDocumentType(JsonSerializerContext Context, Type Type)
{
    /// <summary>All of them, in every assembly of the product.</summary>
    internal static IReadOnlyList<JsonDocumentType> All { get; } =
    [
        .. from assembly in Product.Assemblies
           from context in assembly.GetTypes()
           where context.IsSubclassOf(typeof(JsonSerializerContext)) && IsRead(context)
           from root in context.GetCustomAttributesData()
           where root.AttributeType == typeof(JsonSerializableAttribute)
           let type = (Type)root.ConstructorArguments[0].Value!
           // A JsonElement promises nothing about what is in it.
           where type != typeof(JsonElement)
           select new JsonDocumentType(Default(context), type),
    ];

    /// <summary>How the context reads the type.</summary>
    public JsonTypeInfo TypeInfo => Context.GetTypeInfo(Type)!;

    /// <summary>Reads a document as the product does.</summary>
    /// <exception cref="JsonException">It is not one.</exception>
    public object? Read(string json) => JsonSerializer.Deserialize(json, TypeInfo);

    /// <inheritdoc/>
    public override string ToString() => $"{Type.Name} of {Context.GetType().Name}";

    /// <summary>A context for what is only written cannot read: the serializer itself refuses.</summary>
    private static bool IsRead(Type context) =>
        context.GetCustomAttribute<JsonSourceGenerationOptionsAttribute>()?.GenerationMode != JsonSourceGenerationMode.Serialization;

    private static JsonSerializerContext Default(Type context) =>
        (JsonSerializerContext)context.GetProperty("Default", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
}
