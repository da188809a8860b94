using Wagi.Modules.Routes;

namespace Wagi.Runtime.Inspection;

/// <summary>The order in which routes are tried: a named host before a wildcard before none, exact before prefix, longer before shorter.</summary>
internal sealed class RouteOrder : IComparer<InspectedRoute>
{
    public static RouteOrder MostSpecificFirst { get; } = new();

    public int Compare(InspectedRoute? x, InspectedRoute? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        ReadOnlySpan<int> differences =
        [
            Rank(x.Host).CompareTo(Rank(y.Host)),
            (y.Host is { IsWildcard: true } ? y.Host.Name.Length : 0).CompareTo(x.Host is { IsWildcard: true } ? x.Host.Name.Length : 0),
            string.CompareOrdinal(x.Host?.Name, y.Host?.Name),
            x.Route.IsPrefix.CompareTo(y.Route.IsPrefix),
            y.Route.Path.Length.CompareTo(x.Route.Path.Length),
            string.CompareOrdinal(x.Route.Path, y.Route.Path),
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
