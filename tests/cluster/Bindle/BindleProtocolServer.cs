using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Wagi.TestCluster.Bindle;

/// <summary>
/// The reading half of Bindle's published protocol (docs/protocol-spec.md of deislabs/bindle): <c>GET</c> and <c>HEAD</c> of
/// <c>/v1/_i/NAME</c> and <c>/v1/_i/NAME@SHA256</c>, errors as TOML, yanked bindles only for those who ask for them. Not Bindle's
/// code: its reference server cannot be built here.
/// </summary>
public sealed class BindleProtocolServer : IAsyncDisposable
{
    private const string Invoices = "/v1/_i/";

    private readonly WebApplication _app;

    private BindleProtocolServer()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>The URL that clients are given, with the version of the protocol.</summary>
    public string Url => $"{_app.Urls.Single()}/v1";

    /// <summary>The bindles by <c>NAME/VERSION</c>.</summary>
    public ConcurrentDictionary<string, TestBindle> Bindles { get; } = new();

    /// <summary>The names of those that were yanked.</summary>
    public ConcurrentDictionary<string, bool> Yanked { get; } = new();

    /// <summary>What was asked for, in its order: the part of the path after <c>/_i/</c>.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>What it does instead of answering; null: it answers.</summary>
    public Func<HttpContext, Task>? Instead { get; set; }

    /// <summary>Starts it.</summary>
    /// <param name="bindles">What it has.</param>
    public static async Task<BindleProtocolServer> StartAsync(params TestBindle[] bindles)
    {
        ArgumentNullException.ThrowIfNull(bindles);
        var server = new BindleProtocolServer();
        foreach (var bindle in bindles)
        {
            server.Bindles[bindle.Name] = bindle;
        }

        await server._app.StartAsync();
        return server;
    }

    /// <summary>Takes it away: nobody listens on its port any more.</summary>
    public async Task StopAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (!path.StartsWith(Invoices, StringComparison.Ordinal))
        {
            await RefuseAsync(context, HttpStatusCode.NotFound, "no such endpoint");
            return;
        }

        var what = path[Invoices.Length..];
        Requests.Enqueue(what);
        if (Instead is { } instead)
        {
            await instead(context);
            return;
        }

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            await RefuseAsync(context, HttpStatusCode.MethodNotAllowed, "this server is only read from");
            return;
        }

        var at = what.LastIndexOf('@');
        var name = at < 0 ? what : what[..at];
        if (!Bindles.TryGetValue(name, out var bindle))
        {
            await RefuseAsync(context, HttpStatusCode.NotFound, "bindle not found");
        }
        else if (at < 0 && Yanked.ContainsKey(name) && context.Request.Query["yanked"] != "true")
        {
            await RefuseAsync(context, HttpStatusCode.Forbidden, "bindle is yanked");
        }
        else if (at < 0)
        {
            var yanked = Yanked.ContainsKey(name) ? "yanked = true\n" : "";
            await SendAsync(context, HttpStatusCode.OK, "application/toml", System.Text.Encoding.UTF8.GetBytes(yanked + bindle.Invoice));
        }
        else if (bindle.Parcels.TryGetValue(what[(at + 1)..], out var parcel))
        {
            await SendAsync(context, HttpStatusCode.OK, "application/octet-stream", parcel);
        }
        else
        {
            await RefuseAsync(context, HttpStatusCode.NotFound, "parcel not found");
        }
    }

    private static Task RefuseAsync(HttpContext context, HttpStatusCode status, string error) =>
        SendAsync(context, status, "application/toml", System.Text.Encoding.UTF8.GetBytes($"error = \"{error}\"\n"));

    private static async Task SendAsync(HttpContext context, HttpStatusCode status, string mediaType, byte[] content)
    {
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = mediaType;
        context.Response.ContentLength = content.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(content, context.RequestAborted);
        }
    }
}
