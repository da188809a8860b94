using Wagi.Modules.Routes;

namespace Wagi.Runtime.Loading;

/// <summary>A path pattern and the exported function that answers it.</summary>
/// <param name="Pattern">The full pattern; for a sub-route with the route of its module in front.</param>
/// <param name="Entrypoint">The exported function; null: the entry's own.</param>
internal sealed record ServedRoute(RoutePattern Pattern, string? Entrypoint);
