using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Wagi.Modules.Routes;
using Wagi.Runtime.Cgi;

namespace Wagi.Runtime.Loading;

/// <summary>Answers the requests of an application: each route leads to one of its modules.</summary>
/// <param name="modules">The modules by their routes, no two of which are the same.</param>
internal sealed class ApplicationHandler(IEnumerable<(RoutePattern Route, ModuleHandler Handler)> modules) : IModuleHandler
{
    private readonly FrozenDictionary<RoutePattern, ModuleHandler> _modules = modules.ToFrozenDictionary(module => module.Route, module => module.Handler);

    /// <inheritdoc/>
    public Task HandleAsync(HttpContext context, RoutePattern matchedRoute, string? entrypoint = null) =>
        _modules[matchedRoute].HandleAsync(context, matchedRoute, entrypoint);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var module in _modules.Values.Distinct())
        {
            module.Dispose();
        }
    }
}
