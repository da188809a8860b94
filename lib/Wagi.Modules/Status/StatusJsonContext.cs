using System.Text.Json.Serialization;

namespace Wagi.Modules.Status;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(RuntimeStatus))]
internal sealed partial class StatusJsonContext : JsonSerializerContext;
