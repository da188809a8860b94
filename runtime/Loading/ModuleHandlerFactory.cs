using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Secrets;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Logs;
using Wagi.Runtime.Outbound;

namespace Wagi.Runtime.Loading;

/// <summary>Puts a guest behind its routes, with the environment that is meant for it.</summary>
internal sealed class ModuleHandlerFactory(
    IReadOnlyDictionary<string, string> sharedEnvironment, HandlerDefaults defaults, OutboundClient outbound, BodyStore bodies,
    GuestLogDirectory? guestLogs, ILoggerFactory loggers, RequestMetrics metrics, Func<string, IRequestLog>? requestLogs = null)
{
    private readonly ILogger _logger = loggers.CreateLogger<ModuleHandler>();

    /// <summary>The module, which owns the guests of its <paramref name="parts"/> from now on, whatever happens.</summary>
    /// <param name="entry">The entry as it is written.</param>
    /// <param name="parts">What answers its requests: one module, or the modules of an application.</param>
    /// <param name="isApplication">Whether its parts say themselves which routes they have, and are not asked for more.</param>
    /// <param name="secrets">Its part of the generated Secret.</param>
    /// <param name="digest">Of its bytes.</param>
    /// <param name="reference">Its reference, resolved.</param>
    /// <param name="files">Keeps its files in the cache; the module's, too, once it is made.</param>
    /// <param name="remark">What there is to say to people about it; empty: nothing.</param>
    /// <exception cref="GuestLoadException">The module's <c>_routes()</c> failed.</exception>
    public ServedModule Create(
        ModuleEntry entry, IReadOnlyList<LoadedPart> parts, bool isApplication, ModuleSecrets? secrets, string digest, string reference, IDisposable files, string remark)
    {
        var handlers = new List<ModuleHandler>();
        var requestLog = requestLogs?.Invoke(entry.Id);
        try
        {
            foreach (var part in parts)
            {
                handlers.Add(new ModuleHandler(
                    part.Located, EnvironmentOf(part.Located, secrets), part.Guest, defaults, outbound, bodies, _logger, metrics, guestLogs?.For(entry.Id, entry.Route),
                    sharesLimitsWith: handlers.FirstOrDefault())
                {
                    RequestLog = requestLog,
                });
            }

            var (routes, handler) = isApplication ? Application(parts, handlers) : Module(entry, handlers[0]);
            var remarks = string.Join("; ", parts.Select(part => part.Remark).Prepend(remark).Where(text => text.Length > 0).Distinct());
            return new ServedModule(entry, digest, reference, routes, handler, remarks, parts.Any(part => part.Guest.IsPreinitialized), files);
        }
        catch
        {
            handlers.ForEach(handler => handler.Dispose());
            foreach (var part in parts.Skip(handlers.Count))
            {
                part.Guest.Dispose();
            }

            throw;
        }
    }

    private static (ImmutableArray<ServedRoute> Routes, IModuleHandler Handler) Module(ModuleEntry entry, ModuleHandler handler) => (
        [
            new ServedRoute(entry.Route, Entrypoint: null),
            .. handler.ReadSubRoutes().Select(subroute => new ServedRoute(entry.Route.Append(subroute.Pattern), subroute.Entrypoint)),
        ],
        handler);

    /// <summary>Within an entry the last route that matches wins; within an application the most specific does.</summary>
    private static (ImmutableArray<ServedRoute> Routes, IModuleHandler Handler) Application(IReadOnlyList<LoadedPart> parts, List<ModuleHandler> handlers)
    {
        var routes = parts.Zip(handlers).SelectMany(pair => pair.First.Routes.Select(pattern => (Pattern: pattern, Part: pair.First, Handler: pair.Second)))
            .OrderByDescending(route => route.Pattern.IsPrefix).ThenBy(route => route.Pattern.Path.Length)
            .ToList();
        return (
            [.. routes.Select(route => new ServedRoute(route.Pattern, route.Part.Located.Entrypoint))],
            new ApplicationHandler(routes.Select(route => (route.Pattern, route.Handler))));
    }

    /// <summary>The more specific wins: what is set for every module, then the entry's own, then its secrets.</summary>
    private Dictionary<string, string> EnvironmentOf(ModuleEntry entry, ModuleSecrets? secrets)
    {
        var environment = new Dictionary<string, string>(sharedEnvironment, StringComparer.Ordinal);
        foreach (var (name, value) in entry.Environment)
        {
            environment[name] = value;
        }

        foreach (var (name, value) in secrets?.Environment ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            environment[name] = value;
        }

        return environment;
    }
}

/// <summary>A module that is loaded and has no handler yet.</summary>
/// <param name="Located">The entry that it is served by, with absolute paths in its volumes.</param>
/// <param name="Routes">What it answers.</param>
/// <param name="Guest">The module.</param>
/// <param name="Remark">What there is to say to people about how it was loaded; empty: nothing.</param>
internal sealed record LoadedPart(ModuleEntry Located, ImmutableArray<RoutePattern> Routes, Guest Guest, string Remark);
