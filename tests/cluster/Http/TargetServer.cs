using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Wagi.TestCluster.Http;

/// <summary>A real server on a free port that guests send requests to. Keeps what it received and counts connections.</summary>
public sealed class TargetServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private int _connections;

    private TargetServer(Func<HttpContext, Task> answer, IPAddress address, X509Certificate2? certificate, HttpProtocols protocols)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
            options.RequestHeaderEncodingSelector = _ => Encoding.UTF8;
            options.Listen(address, 0, listen =>
            {
                listen.Protocols = protocols;
                listen.Use(next => connection =>
                {
                    Interlocked.Increment(ref _connections);
                    return next(connection);
                });
                if (certificate is not null)
                {
                    listen.UseHttps(certificate);
                }
            });
        });
        _application = builder.Build();
        _application.Run(async context =>
        {
            context.Request.EnableBuffering();
            using var reader = new StreamReader(context.Request.Body, Encoding.Latin1, leaveOpen: true);
            var body = await reader.ReadToEndAsync();
            context.Request.Body.Position = 0;
            Requests.Enqueue(new Received(
                context.Request.Method, context.Request.Path + context.Request.QueryString, body,
                context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString())));
            await answer(context);
        });
    }

    /// <summary>What a request was when it arrived; the body as Latin-1, header names in lower case.</summary>
    public sealed record Received(string Method, string Path, string Body, Dictionary<string, string> Headers);

    /// <summary>Scheme, host and port.</summary>
    public string Origin { get; private set; } = "";

    /// <summary>Everything that arrived, in its order.</summary>
    public ConcurrentQueue<Received> Requests { get; } = new();

    /// <summary>How many connections have been opened.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Starts a server that answers by <paramref name="answer"/>; null: with <c>hello</c>.</summary>
    /// <param name="answer">Writes the answer.</param>
    /// <param name="address">Where it listens; null: on 127.0.0.1.</param>
    /// <param name="certificate">For HTTPS, with its key; null: it speaks plain HTTP.</param>
    /// <param name="protocols">What it speaks; HTTP/2 alone means prior knowledge, as for gRPC.</param>
    public static async Task<TargetServer> StartAsync(
        Func<HttpContext, Task>? answer = null, IPAddress? address = null, X509Certificate2? certificate = null,
        HttpProtocols protocols = HttpProtocols.Http1AndHttp2)
    {
        var server = new TargetServer(answer ?? (context => context.Response.WriteAsync("hello")), address ?? IPAddress.Loopback, certificate, protocols);
        await server._application.StartAsync();
        server.Origin = server._application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
    }
}
