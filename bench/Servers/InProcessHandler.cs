using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Modules.Configuration;
using Wagi.Modules.Network;
using Wagi.Modules.Outbound;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;

namespace Wagi.Bench.Servers;

/// <summary>What serves requests to a module, without the network: CGI, a fresh instance, header block and body.</summary>
internal sealed class InProcessHandler : IDisposable
{
    private const string Route = "/bench";

    [ThreadStatic]
    private static StandInResponse? _response;

    private readonly RequestMetrics _metrics = new();
    private readonly OutboundClient _outbound = new(new AddressGuard(new AddressRules()));
    private readonly ModuleHandler _handler;
    private readonly RoutePattern _route;
    private readonly string _path;

    /// <param name="engine">Where the module was compiled.</param>
    /// <param name="nativeCode">The compiled module.</param>
    /// <param name="allowedHost">Where outbound HTTP may go; null: nowhere.</param>
    /// <param name="below">What stands behind the route in the path of a request.</param>
    /// <param name="entrypoint">The function that requests call; null: the one of a command.</param>
    public InProcessHandler(GuestEngine engine, ReadOnlySpan<byte> nativeCode, string? allowedHost = null, string below = "", string? entrypoint = null)
    {
        var guest = engine.Load(nativeCode);
        guest.Check(entrypoint);
        _path = Route + below;
        _route = RoutePattern.Parse(below.Length == 0 ? Route : $"{Route}/...");
        var entry = new ModuleEntry
        {
            Id = "bench",
            Route = _route,
            Module = new ModuleReference(ModuleScheme.File, "bench.wasm"),
            Entrypoint = entrypoint,
            AllowedHosts = AllowedHost.TryParse(allowedHost ?? "", out var host, out _) ? [host] : [],
        };
        _handler = new ModuleHandler(
            entry, new Dictionary<string, string>(), guest, new HandlerDefaults(), _outbound,
            new BodyStore(new BodyOptions(), Path.Combine(Path.GetTempPath(), "wagi-bench-spool"), NullLogger.Instance), NullLogger.Instance, _metrics);
    }

    /// <summary>Sends so many GET requests, one after the other; each has to be answered with 200.</summary>
    public async Task GetAsync(string query, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var context = CreateContext(query, _path);
            await _handler.HandleAsync(context, _route);
            if (context.Response.StatusCode != StatusCodes.Status200OK)
            {
                throw new InvalidOperationException($"the handler answered {context.Response.StatusCode}");
            }
        }
    }

    /// <summary>Used again by each request of a thread.</summary>
    private static StandInResponse Response => _response ??= new StandInResponse();

    /// <summary>The request of <see cref="GetAsync"/>, as the server would hand it over.</summary>
    public static HttpContext CreateContext(string query, string path = Route)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = HttpMethods.Get;
        context.Request.Scheme = "http";
        context.Request.Host = new HostString("localhost", 3000);
        context.Request.Path = path;
        context.Request.QueryString = new QueryString(query);
        context.Request.Protocol = "HTTP/1.1";
        context.Features.Set<IHttpResponseBodyFeature>(Response);

        // What this context makes when it is first asked for, and a server keeps from request to request.
        _ = context.Connection.RemoteIpAddress;
        context.Response.ContentType = "text/plain";
        context.Response.Headers.Clear();
        return context;
    }

    public void Dispose()
    {
        _handler.Dispose();
        _outbound.Dispose();
        _metrics.Dispose();
    }
}
