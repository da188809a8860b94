using System.Text.Json.Serialization;

namespace Wagi.Operator.Applying;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StoredData))]
internal sealed partial class ApplyingJsonContext : JsonSerializerContext;
