using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Operator.ApiServer;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(PartialObject))]
[JsonSerializable(typeof(ListPage))]
[JsonSerializable(typeof(WatchLine))]
[JsonSerializable(typeof(Bookmark))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class ApiServerJsonContext : JsonSerializerContext;
