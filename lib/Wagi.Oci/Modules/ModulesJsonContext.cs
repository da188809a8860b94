using System.Text.Json.Serialization;

namespace Wagi.Oci.Modules;

/// <summary>Source-generated JSON for configurations.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WasmConfig))]
internal sealed partial class ModulesJsonContext : JsonSerializerContext;
