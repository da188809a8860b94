using System.Text.Json.Serialization;

namespace Wagi.Operator.Runtimes;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RuntimePod))]
internal sealed partial class RuntimesJsonContext : JsonSerializerContext;
