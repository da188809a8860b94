using System.Text.Json.Serialization;

namespace Wagi.Oci.Modules;

/// <summary>Source-generated JSON for configurations, which are written and never read.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Serialization,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WasmConfig))]
internal sealed partial class ModulesJsonContext : JsonSerializerContext;
