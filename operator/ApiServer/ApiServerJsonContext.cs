using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Operator.ApiServer;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(PartialObject))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class ApiServerJsonContext : JsonSerializerContext;
