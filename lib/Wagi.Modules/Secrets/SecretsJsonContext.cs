using System.Text.Json.Serialization;

namespace Wagi.Modules.Secrets;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ModuleSecrets))]
internal sealed partial class SecretsJsonContext : JsonSerializerContext;
