namespace Wagi.Runtime.Inspection;

/// <summary>A route as <c>wagi routes</c> prints it.</summary>
/// <param name="Host">The host; null: every host.</param>
/// <param name="Route">The path pattern.</param>
/// <param name="Id">The entry.</param>
/// <param name="Entrypoint">The exported function that answers.</param>
/// <param name="Module">Where the module comes from.</param>
internal sealed record RouteRow(string? Host, string Route, string Id, string Entrypoint, string Module)
{
    public static RouteRow Of(InspectedRoute route) =>
        new(route.Host?.ToString(), route.Route.ToString(), route.Id, route.Entrypoint, route.Module);
}
