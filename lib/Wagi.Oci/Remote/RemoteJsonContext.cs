using System.Text.Json.Serialization;

namespace Wagi.Oci.Remote;

/// <summary>Source-generated JSON for what registries say besides content.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class RemoteJsonContext : JsonSerializerContext;
