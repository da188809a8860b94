using System.Collections.Immutable;
using Wagi.Modules.Configuration;
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
    GuestLogDirectory? guestLogs, ILoggerFactory loggers, RequestMetrics metrics)
{
    private readonly ILogger _logger = loggers.CreateLogger<ModuleHandler>();

    /// <summary>The module, which owns <paramref name="guest"/> from now on.</summary>
    /// <param name="entry">The entry as it is written.</param>
    /// <param name="located">The same with absolute paths in its volumes.</param>
    /// <param name="secrets">Its part of the generated Secret.</param>
    /// <param name="digest">Of its bytes.</param>
    /// <param name="reference">Its reference, resolved.</param>
    /// <param name="guest">Its module, loaded.</param>
    /// <param name="files">Keeps its files in the cache; the module's, too, from now on.</param>
    /// <param name="remark">What there is to say to people about how it was loaded; empty: nothing.</param>
    /// <exception cref="GuestLoadException">The module's <c>_routes()</c> failed.</exception>
    public ServedModule Create(
        ModuleEntry entry, ModuleEntry located, ModuleSecrets? secrets, string digest, string reference, Guest guest, IDisposable files, string remark)
    {
        var environment = EnvironmentOf(entry, secrets);
        var handler = new ModuleHandler(located, environment, guest, defaults, outbound, bodies, _logger, metrics, guestLogs?.For(entry.Id));
        try
        {
            ImmutableArray<ServedRoute> routes =
            [
                new ServedRoute(entry.Route, Entrypoint: null),
                .. handler.ReadSubRoutes()
                    .Select(subroute => new ServedRoute(entry.Route.Append(subroute.Pattern), subroute.Entrypoint)),
            ];
            return new ServedModule(entry, digest, reference, routes, handler, remark, guest.IsPreinitialized, files);
        }
        catch
        {
            handler.Dispose();
            throw;
        }
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
