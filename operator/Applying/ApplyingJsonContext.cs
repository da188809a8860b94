using System.Text.Json.Serialization;

namespace Wagi.Operator.Applying;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StoredData))]
internal sealed partial class ApplyingJsonContext : JsonSerializerContext;
