using System.Text.Json.Serialization;

namespace Wagi.Operator.Runtimes;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RuntimePod))]
internal sealed partial class RuntimesJsonContext : JsonSerializerContext;
