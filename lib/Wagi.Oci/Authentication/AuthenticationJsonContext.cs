using System.Text.Json.Serialization;

namespace Wagi.Oci.Authentication;

/// <summary>Source-generated JSON for credential files and token answers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(DockerConfig))]
[JsonSerializable(typeof(Dictionary<string, DockerAuth?>))]
[JsonSerializable(typeof(HelperAnswer))]
[JsonSerializable(typeof(TokenAnswer))]
internal sealed partial class AuthenticationJsonContext : JsonSerializerContext;
