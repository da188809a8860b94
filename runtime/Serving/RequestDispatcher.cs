using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Loading;

namespace Wagi.Runtime.Serving;

/// <summary>Leads a request to the module that its host and path belong to.</summary>
internal sealed class RequestDispatcher(ModuleHost host)
{
    /// <summary>Answered on the main port as well, as WAGI does, unless a module has the route.</summary>
    private const string HealthPath = "/healthz";

    private volatile bool _isDraining;

    /// <summary>
    /// From now on each connection is asked to close with the answer to its next request (RFC 9112 §9.6, RFC 9113 §6.8), so that clients take
    /// the next one elsewhere: a connection that is closed between two answers may have a request on its way.
    /// </summary>
    public void Drain() => _isDraining = true;

    /// <summary>Answers a request.</summary>
    public Task InvokeAsync(HttpContext context)
    {
        if (_isDraining)
        {
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }

        var hostName = HostNameOf(context.Request.Host.Value);
        var path = context.Request.Path.Value ?? "/";
        while (host.Routes.TryMatch(hostName, path, out var module))
        {
            // A module that a reload released in this very moment: the table has a new one, or none.
            if (module.TryEnter())
            {
                return RunAsync(context, module, path);
            }
        }

        return path == HealthPath
            ? PlainAnswer.WriteAsync(context, StatusCodes.Status200OK, "OK")
            : PlainAnswer.WriteAsync(context, StatusCodes.Status404NotFound, "no module has this route");
    }

    private static async Task RunAsync(HttpContext context, ServedModule module, string path)
    {
        try
        {
            var route = module.Match(path)!;
            await module.Handler.HandleAsync(context, route.Pattern, route.Entrypoint);
        }
        finally
        {
            module.Exit();
        }
    }

    /// <summary>The host without its port; the brackets of an IPv6 address stay (RFC 3986 §3.2.2).</summary>
    private static ReadOnlySpan<char> HostNameOf(string? host)
    {
        var name = host.AsSpan();
        var colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf(']') ? name[..colon] : name;
    }
}
