using System.Collections.Immutable;
using Wagi.Runtime.Sandbox;

namespace Wagi.Runtime.Requests;

/// <summary>The routes that a module declares by exporting <c>_routes()</c>.</summary>
public static class SubRoutes
{
    /// <summary>Runs <c>_routes()</c>; empty when it is not exported. In the order printed: the last match wins.</summary>
    /// <exception cref="SandboxException">RoutesFailed.</exception>
    public static ImmutableArray<SubRoute> Read(Guest guest, IReadOnlyDictionary<string, string> environment, HandlerDefaults defaults) =>
        throw new NotImplementedException();
}
