using System.Text.Json.Serialization;

namespace Wagi.Operator.Values;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StoredSecret))]
[JsonSerializable(typeof(StoredConfigMap))]
internal sealed partial class ValuesJsonContext : JsonSerializerContext;
