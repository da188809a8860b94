using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Wagi.Runtime.Inspection;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ImmutableArray<RouteRow>))]
internal sealed partial class RouteJsonContext : JsonSerializerContext;
