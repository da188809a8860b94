using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Wagi.TestCluster.Http;

/// <summary>
/// A way to a real server, over plain HTTP on a free port of 127.0.0.1, on which a test causes what networks and proxies do: delays, errors,
/// wrong answers, connections that break. It hands on everything as long as nothing is set.
/// </summary>
public sealed class FaultyProxy : IAsyncDisposable
{
    private static readonly string[] PerConnection = ["Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Host"];

    private readonly Uri _server;
    private readonly HttpClient _client;
    private readonly bool _ownsClient;
    private readonly WebApplication _application;
    private readonly ConcurrentDictionary<HttpContext, bool> _open = new();

    private FaultyProxy(Uri server, HttpClient? client)
    {
        _server = server;
        _client = client ?? new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
        _ownsClient = client is null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = null;
            options.Listen(System.Net.IPAddress.Loopback, 0);
        });
        _application = builder.Build();
        _application.Run(PassAsync);
    }

    /// <summary>How an answer comes to its end before it is complete.</summary>
    public enum Cut
    {
        /// <summary>It does not.</summary>
        None,

        /// <summary>The connection breaks.</summary>
        Broken,

        /// <summary>The answer ends as if that were all of it, as behind a proxy that loses its own connection and does not tell.</summary>
        Ended,
    }

    /// <summary>Host and port, <c>127.0.0.1:PORT</c>.</summary>
    public string Address { get; private set; } = "";

    /// <summary>
    /// What is done with a request before the server sees it: anything that takes time, an answer of its own, or
    /// <see cref="HttpContext.Abort"/>. Returns whether the request ends here.
    /// </summary>
    public Func<HttpContext, Task<bool>>? Instead { get; set; }

    /// <summary>Looked at whenever a piece of an answer has come, such as one event of a watch; of a piece that is cut, half is handed on.</summary>
    public Func<HttpRequest, Cut>? CutsPiece { get; set; }

    /// <summary>Whether the answer to a request, which the server has carried out, never comes.</summary>
    public Func<HttpRequest, bool>? HoldsAnswer { get; set; }

    /// <summary>Starts a proxy before a server.</summary>
    /// <param name="server">Scheme, host and port.</param>
    /// <param name="client">What the server is asked with, which stays the caller's; null: a plain one.</param>
    public static async Task<FaultyProxy> StartAsync(Uri server, HttpClient? client = null)
    {
        var proxy = new FaultyProxy(server, client);
        await proxy._application.StartAsync();
        proxy.Address = new Uri(proxy._application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Authority;
        return proxy;
    }

    /// <summary>Breaks the connections on which the answers to such requests are under way.</summary>
    public void Break(Func<HttpRequest, bool> which)
    {
        foreach (var context in _open.Keys.Where(context => which(context.Request)))
        {
            context.Abort();
        }
    }

    /// <summary>Does no more harm.</summary>
    public void Heal() => (Instead, CutsPiece, HoldsAnswer) = (null, null, null);

    private async Task PassAsync(HttpContext context)
    {
        _open[context] = true;
        try
        {
            if (Instead is { } instead && await instead(context))
            {
                return;
            }

            using var request = RequestOf(context);
            using var answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            if (HoldsAnswer?.Invoke(context.Request) ?? false)
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            await AnswerAsync(context, answer);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // One of the two sides is gone: so is the other.
            context.Abort();
        }
        finally
        {
            _open.TryRemove(context, out _);
        }
    }

    private HttpRequestMessage RequestOf(HttpContext context)
    {
        var received = context.Request;
        var request = new HttpRequestMessage(new HttpMethod(received.Method), new Uri(_server, received.Path.ToUriComponent() + received.QueryString));
        if (context.Features.GetRequiredFeature<IHttpRequestBodyDetectionFeature>().CanHaveBody)
        {
            request.Content = new StreamContent(received.Body);
        }

        foreach (var (name, values) in received.Headers.Where(header => !PerConnection.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, [.. values]))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, [.. values]);
            }
        }

        return request;
    }

    private async Task AnswerAsync(HttpContext context, HttpResponseMessage answer)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => !PerConnection.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        await context.Response.StartAsync(context.RequestAborted);
        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            while (await body.ReadAsync(buffer, context.RequestAborted) is > 0 and var length)
            {
                var cut = CutsPiece?.Invoke(context.Request) ?? Cut.None;
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, cut == Cut.None ? length : length / 2), context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                if (cut == Cut.Broken)
                {
                    context.Abort();
                }

                if (cut != Cut.None)
                {
                    return;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
        if (_ownsClient)
        {
            _client.Dispose();
        }
    }
}
