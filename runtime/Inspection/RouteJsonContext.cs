using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Wagi.Runtime.Inspection;

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Serialization, // `wagi routes` prints it; nothing reads it.
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true)]
[JsonSerializable(typeof(ImmutableArray<RouteRow>))]
internal sealed partial class RouteJsonContext : JsonSerializerContext;
