using System.Text.Json.Serialization;

namespace Wagi.Oci.Content;

/// <summary>Source-generated JSON for manifests: no reflection, and the same bytes for the same content.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(ImageIndex))]
internal sealed partial class ContentJsonContext : JsonSerializerContext;
