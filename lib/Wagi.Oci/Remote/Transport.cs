using System.Net;
using System.Net.Http.Headers;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>
/// HTTP for registries: redirects never take the Authorization header to another host, the limit is on silence rather than on duration, and
/// failures are <see cref="OciException"/>. Any status is an answer here.
/// </summary>
internal sealed class Transport : IDisposable
{
    private const int MaxRedirects = 5;

    private readonly HttpClient _client;
    private readonly TimeSpan _stallTimeout;

    public Transport(RegistryClientOptions options)
    {
        _stallTimeout = options.StallTimeout;
        Endpoint = new RegistryEndpoint(options.InsecureRegistries);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = options.ConnectTimeout,
            // Registries move: look names up again from time to time.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ActivityHeadersPropagator = null,
        };
        options.Guard.Protect(handler);
        _client = new HttpClient(handler)
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
        var version = typeof(Transport).Assembly.GetName().Version;
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("wagi", version?.ToString(3) ?? "0"));
    }

    public RegistryEndpoint Endpoint { get; }

    /// <summary>Sends the request and returns as soon as the head of the answer has arrived; the caller disposes it.</summary>
    public async Task<HttpResponseMessage> SendAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        var current = request;
        for (var hops = 0; ; hops++)
        {
            var response = await SendOnceAsync(current, cancellationToken);
            if (current.Content is not null || Redirect(current, response) is not { } location)
            {
                return response;
            }

            using (response)
            {
                if (hops == MaxRedirects)
                {
                    throw new OciException(OciErrorKind.Protocol, $"{request.Subject}: more than {MaxRedirects} redirects, the last to {Display(location)}");
                }

                current = Follow(current, location);
            }
        }
    }

    /// <summary>The body of an answer; silence and broken connections become <see cref="OciException"/>.</summary>
    public async Task<Stream> BodyAsync(HttpResponseMessage response, string subject, CancellationToken cancellationToken) =>
        new ResponseStream(await response.Content.ReadAsStreamAsync(cancellationToken), response, _stallTimeout, subject);

    public void Dispose() => _client.Dispose();

    /// <summary>Scheme, host and path of a URL; not its query, where signed URLs have their secret.</summary>
    public static string Display(Uri uri) => uri.GetLeftPart(UriPartial.Path);

    private async Task<HttpResponseMessage> SendOnceAsync(RegistryRequest request, CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(_stallTimeout);
        // Progress may be reported late, when the answer has arrived and the source is disposed.
        using var message = request.ToMessage(() =>
        {
            try
            {
                stall.CancelAfter(_stallTimeout);
            }
            catch (ObjectDisposedException)
            {
            }
        });
        try
        {
            return await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, stall.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failures.Silent(request, exception, _stallTimeout);
        }
        catch (HttpRequestException exception)
        {
            throw Failures.NoAnswer(request, exception);
        }
    }

    private static Uri? Redirect(RegistryRequest request, HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther
            or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
            && response.Headers.Location is { } location
            ? new Uri(request.Uri, location)
            : null;

    private RegistryRequest Follow(RegistryRequest request, Uri next)
    {
        if (next.Scheme != Uri.UriSchemeHttps && (next.Scheme != Uri.UriSchemeHttp || !Endpoint.MayBePlain(next)))
        {
            throw new OciException(
                OciErrorKind.Protocol,
                $"{request.Subject}: the registry redirects to {Display(next)}, which is not HTTPS; if that is meant, declare {next.Authority} an insecure registry");
        }

        // The storage behind a redirect is somebody else's: it must not see the registry's credentials.
        var sameServer = next.Scheme == request.Uri.Scheme && next.Authority == request.Uri.Authority;
        return request with { Uri = next, Authorization = sameServer ? request.Authorization : null };
    }
}

/// <summary>A request that can be sent again: after a challenge, a redirect or a failure.</summary>
internal sealed record RegistryRequest(HttpMethod Method, Uri Uri)
{
    /// <summary>What the request is about, for messages: a full reference.</summary>
    public required string Subject { get; init; }

    /// <summary>Media types for the Accept header.</summary>
    public IReadOnlyList<string> Accept { get; init; } = [];

    /// <summary>First byte wanted; 0 for all.</summary>
    public long From { get; init; }

    /// <summary>Creates the body, which calls its argument whenever part of it was sent.</summary>
    public Func<Action, HttpContent>? Content { get; init; }

    /// <summary>The Authorization header.</summary>
    public AuthenticationHeaderValue? Authorization { get; init; }

    /// <summary>Without headers, one of which may be a secret.</summary>
    public override string ToString() => $"{Method} {Transport.Display(Uri)}";

    public HttpRequestMessage ToMessage(Action progress)
    {
        var message = new HttpRequestMessage(Method, Uri) { Content = Content?.Invoke(progress) };
        foreach (var mediaType in Accept)
        {
            message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(mediaType));
        }

        if (From > 0)
        {
            message.Headers.Range = new RangeHeaderValue(From, null);
        }

        message.Headers.Authorization = Authorization;
        return message;
    }
}
