using Microsoft.AspNetCore.Http;
using Wagi.Modules.Routes;

namespace Wagi.Runtime.Cgi;

/// <summary>Answers the requests of one module. Disposing it unloads the module; nobody is inside then.</summary>
public interface IModuleHandler : IDisposable
{
    /// <summary>Answers one request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="matchedRoute">The route that it matched.</param>
    /// <param name="entrypoint">The function to call, for a sub-route; null: the entry's own.</param>
    Task HandleAsync(HttpContext context, RoutePattern matchedRoute, string? entrypoint = null);
}
