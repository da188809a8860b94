using Wagi.Modules.Routes;

namespace Wagi.Runtime.Inspection;

/// <summary>A route as it would be served.</summary>
/// <param name="Host">The host; null: every host.</param>
/// <param name="Route">The path pattern; for a sub-route with the route of its module in front.</param>
/// <param name="Id">The entry.</param>
/// <param name="Entrypoint">The exported function that answers.</param>
/// <param name="Module">Where the module comes from, with everything resolved.</param>
internal sealed record InspectedRoute(HostPattern? Host, RoutePattern Route, string Id, string Entrypoint, string Module);
