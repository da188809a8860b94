using Wagi.Modules.Status;

namespace Wagi.Runtime.Serving;

/// <summary>Logs the URLs that have come into service, for the person at the terminal.</summary>
internal sealed partial class RouteAnnouncer(string url, ILogger logger)
{
    /// <summary>Logged for a URL, with <c>Url</c>.</summary>
    public const int ServingEvent = 72;

    private readonly ILogger _logger = logger;
    private HashSet<string> _announced = [];

    /// <summary>Logs what is served in <paramref name="status"/> and was not in the one before it.</summary>
    public void Announce(RuntimeStatus status)
    {
        var served = status.Modules.SelectMany(UrlsOf).ToHashSet(StringComparer.Ordinal);
        foreach (var route in served.Except(_announced).Order(StringComparer.Ordinal))
        {
            LogServing(route);
        }

        _announced = served;
    }

    private IEnumerable<string> UrlsOf(ModuleStatus module) =>
        from route in module.Routes
        from host in module.Hosts.DefaultIfEmpty()
        select host is null ? url + route : $"{url}{route} (Host: {host})";

    [LoggerMessage(EventId = ServingEvent, Level = LogLevel.Information, Message = "Serving {Url}")]
    private partial void LogServing(string url);
}
