using System.Diagnostics;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Wagi.Modules.Routes;
using Wagi.Runtime.Access;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Loading;

namespace Wagi.Runtime.Serving;

/// <summary>Leads a request to the module that its host and path belong to.</summary>
/// <param name="routes">The routes that are served now.</param>
/// <param name="metrics">Counts requests that no module answers.</param>
/// <param name="access">Told of requests that no module answers; null: nobody is.</param>
/// <param name="isLocal">Whether clients are whoever started the server, and may be told which routes there are.</param>
/// <param name="isReady">Whether the modules of the first configuration were loaded, or given up; null: from the start.</param>
internal sealed class RequestDispatcher(
    Func<RouteTable<RouteTarget>> routes, RequestMetrics metrics, AccessLog? access = null, bool isLocal = false, Func<bool>? isReady = null)
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
        RequestId.Begin(context);
        if (_isDraining)
        {
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }

        if (HttpMethods.IsConnect(context.Request.Method))
        {
            // What a guest printed would be the start of a tunnel (RFC 9110 §9.3.6).
            return RefuseAsync(context, StatusCodes.Status501NotImplemented, "the server is no proxy: there is no CONNECT");
        }

        var hostName = HostNameOf(context.Request.Host.Value);
        var path = context.Request.Path.Value ?? "/";
        var table = routes();
        while (table.TryMatch(hostName, path, out var target))
        {
            if (target.Module.TryEnter())
            {
                return RunAsync(context, target);
            }

            // A reload has released the module in this very moment: the table that no longer names it is there already.
            var next = routes();
            if (ReferenceEquals(next, table))
            {
                return RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the module is being replaced");
            }

            table = next;
        }

        return path == HealthPath
            ? AnswerAsync(context, Stopwatch.GetTimestamp(), PlainAnswer.WriteAsync(context, StatusCodes.Status200OK, "OK"))
            : RefuseUnroutedAsync(context, table, hostName, path);
    }

    /// <summary>
    /// "Not found" (RFC 9110 §15.5.5) is only for a server that would know: one that starts has not loaded everything, and the volume of a pod
    /// that ends is not updated any more, so that it never hears of a new module. Whoever asks again comes to another, or a moment later.
    /// </summary>
    private Task RefuseUnroutedAsync(HttpContext context, RouteTable<RouteTarget> table, ReadOnlySpan<char> host, string path) =>
        _isDraining ? RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the server is stopping, and may not know this route")
        : isReady?.Invoke() == false ? RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "the server is starting, and has not loaded this route, if there is one")
        : RefuseAsync(context, StatusCodes.Status404NotFound, NotFound(table, host, path));

    /// <summary>With what its author may have meant: a slash more or less makes another path.</summary>
    private string NotFound(RouteTable<RouteTarget> table, ReadOnlySpan<char> host, string path)
    {
        const string Text = "no module has this route";
        if (!isLocal)
        {
            return Text;
        }

        var bare = "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
        var meant = new[] { bare, bare + "/" }.Where(other => other != path);
        foreach (var other in meant)
        {
            if (table.TryMatch(host, other, out _))
            {
                return $"{Text}; one has {other}";
            }
        }

        return Text;
    }

    private Task RefuseAsync(HttpContext context, int status, string text)
    {
        metrics.RecordUnrouted(status);
        return AnswerAsync(context, Stopwatch.GetTimestamp(), ErrorResponse.WriteAsync(context, status, text));
    }

    /// <summary>An answer that is the server's own.</summary>
    private async Task AnswerAsync(HttpContext context, long start, Task answering)
    {
        await answering;
        access?.AddUnrouted(context, start);
    }

    private static async Task RunAsync(HttpContext context, RouteTarget target)
    {
        try
        {
            await target.Module.Handler.HandleAsync(context, target.Route.Pattern, target.Route.Entrypoint);
        }
        finally
        {
            target.Module.Exit();
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
