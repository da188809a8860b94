using Wagi.Modules.Routes;

namespace Wagi.Runtime.Cgi;

/// <summary>A route that a module declares in <c>_routes()</c>, relative to the module's own route.</summary>
/// <param name="Pattern">The path below the module's route.</param>
/// <param name="Entrypoint">The exported function that answers it.</param>
public sealed record SubRoute(RoutePattern Pattern, string Entrypoint);
