using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Wagi.Oci.Tests.Registries;

/// <summary>
/// Answers HTTP as a test says, for what a real registry cannot be brought to do: fail, be silent, redirect to other
/// hosts, ask for OAuth2. It plays a part and is no registry.
/// </summary>
internal sealed class StandInServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StandInServer(WebApplication app) => _app = app;

    /// <summary>The requests that came, in order: method, path, query and Authorization header.</summary>
    public ConcurrentQueue<SeenRequest> Requests { get; } = new();

    public int Port => new Uri(_app.Urls.Single()).Port;

    /// <summary><c>127.0.0.1:PORT</c>.</summary>
    public string Address => $"127.0.0.1:{Port}";

    public static async Task<StandInServer> StartAsync(RequestDelegate answer, string listen = "127.0.0.1")
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://{listen}:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var server = new StandInServer(app);
        app.Run(async context =>
        {
            var request = context.Request;
            server.Requests.Enqueue(new SeenRequest(request.Method, request.Path, request.QueryString.Value ?? "", request.Headers.Authorization.ToString()));
            await answer(context);
        });
        await app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>A request that a <see cref="StandInServer"/> got.</summary>
internal sealed record SeenRequest(string Method, string Path, string Query, string Authorization);
