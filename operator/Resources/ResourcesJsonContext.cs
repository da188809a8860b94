using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Operator.Resources;

/// <summary>Source-generated JSON of the custom resource, in the form of the Kubernetes API.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(WagiModule))]
[JsonSerializable(typeof(WagiModuleStatus))]
[JsonSerializable(typeof(JsonElement))] // metadata.managedFields[].fieldsV1
internal sealed partial class ResourcesJsonContext : JsonSerializerContext;
