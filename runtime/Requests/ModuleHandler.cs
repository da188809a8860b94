using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Runtime.Sandbox;

namespace Wagi.Runtime.Requests;

/// <summary>Answers the requests of one entry.</summary>
public sealed class ModuleHandler : IDisposable
{
    private readonly Guest _guest;

    public ModuleHandler(
        ModuleEntry entry, IReadOnlyDictionary<string, string> environment, Guest guest, HandlerDefaults defaults,
        ILogger logger, RequestMetrics metrics, TimeProvider? time = null)
    {
        _guest = guest;
    }

    /// <summary>Answers one request. <paramref name="entrypoint"/>: for a sub-route; null: the entry's own.</summary>
    public Task HandleAsync(HttpContext context, RoutePattern matchedRoute, string? entrypoint = null) =>
        throw new NotImplementedException();

    /// <summary>Takes the handler out of service: requests that found it in the old route table are still answered.</summary>
    public void Retire() => _guest.Dispose();

    public void Dispose() => _guest.Dispose();
}
