using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Wagi.Modules.Routes;

namespace Wagi.Runtime.Inspection;

/// <summary>A route as it would be served, in the words of <c>wagi routes</c>.</summary>
/// <param name="Host">The host; null: every host.</param>
/// <param name="Route">The path pattern; for a sub-route with the route of its module in front.</param>
/// <param name="Id">The entry.</param>
/// <param name="Entrypoint">The exported function that answers.</param>
/// <param name="Module">Where the module comes from, with everything resolved.</param>
internal sealed record InspectedRoute(string? Host, string Route, string Id, string Entrypoint, string Module);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Serialization, // `wagi routes` prints it; nothing reads it.
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true)]
[JsonSerializable(typeof(ImmutableArray<InspectedRoute>))]
internal sealed partial class RouteJsonContext : JsonSerializerContext;

/// <summary>The order in which routes are tried: a named host before a wildcard before none, exact before prefix, longer before shorter.</summary>
internal sealed class RouteOrder : IComparer<(HostPattern? Host, RoutePattern Pattern)>
{
    public static RouteOrder MostSpecificFirst { get; } = new();

    public int Compare((HostPattern? Host, RoutePattern Pattern) x, (HostPattern? Host, RoutePattern Pattern) y)
    {
        ReadOnlySpan<int> differences =
        [
            Rank(x.Host).CompareTo(Rank(y.Host)),
            (y.Host is { IsWildcard: true } ? y.Host.Name.Length : 0).CompareTo(x.Host is { IsWildcard: true } ? x.Host.Name.Length : 0),
            string.CompareOrdinal(x.Host?.Name, y.Host?.Name),
            x.Pattern.IsPrefix.CompareTo(y.Pattern.IsPrefix),
            y.Pattern.Path.Length.CompareTo(x.Pattern.Path.Length),
            string.CompareOrdinal(x.Pattern.Path, y.Pattern.Path),
        ];
        foreach (var difference in differences)
        {
            if (difference != 0)
            {
                return difference;
            }
        }

        return 0;
    }

    private static int Rank(HostPattern? host) => host switch { null => 2, { IsWildcard: true } => 1, _ => 0 };
}
