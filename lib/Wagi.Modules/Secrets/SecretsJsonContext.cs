using System.Text.Json.Serialization;

namespace Wagi.Modules.Secrets;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ModuleSecrets))]
internal sealed partial class SecretsJsonContext : JsonSerializerContext;
