using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using Wagi.Modules.Network;

namespace Wagi.Runtime.Outbound;

/// <summary>
/// Sends the requests of all modules over one pool of connections. Nothing else is shared: no cookies, no credentials, no redirects
/// that it would follow by itself. One per process; safe for concurrent use.
/// </summary>
public sealed class OutboundClient : IDisposable
{
    private const int MaxRedirects = 10;
    private const int MaxResponseHeadKilobytes = 64;

    // Most runtimes serve modules that never send anything: made with the first request, so that starting does not wait for it.
    private readonly Lazy<HttpMessageInvoker> _invoker;
    private volatile bool _disposed;

    private readonly AddressGuard _guard;

    /// <param name="guard">Which addresses modules reach, whatever their <c>allowed_hosts</c> say.</param>
    public OutboundClient(AddressGuard guard)
    {
        _guard = guard;
        _invoker = new(() => CreateInvoker(guard));
    }

    /// <summary>Sends a request, follows redirects that are allowed, and reads the head of the response. Throws nothing.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The guest gets an error code for everything.")]
    internal async Task<OutboundAnswer> SendAsync(OutboundRequest request, OutboundAccess access, CancellationToken cancellationToken)
    {
        try
        {
            return await FollowAsync(request, access, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new OutboundAnswer(HttpError.RequestError, OutboundOutcome.TimedOut, access.TimeIsUp);
        }
        catch (HttpRequestException exception) when (exception.GetBaseException() is DestinationDeniedException denied)
        {
            return new OutboundAnswer(HttpError.DestinationNotAllowed, OutboundOutcome.NotAllowed, denied.Message);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return new OutboundAnswer(HttpError.RequestError, OutboundOutcome.Failed, Describe(exception));
        }
        catch (Exception exception)
        {
            return new OutboundAnswer(HttpError.RuntimeError, OutboundOutcome.Failed, exception.Message);
        }
    }

    /// <summary>Whether a module may send requests to this URL's origin.</summary>
    internal bool Allows(Uri target, OutboundAccess access) => access.Allows(target, byName: _guard.IsReachedByNameOnly(target));

    /// <summary>Sends a request that is allowed as it is, and reads the head of the response, which may be a redirect.</summary>
    /// <exception cref="HttpRequestException">There was no response.</exception>
    /// <exception cref="OperationCanceledException">The time was up.</exception>
    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, OutboundAccess access, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        message.Options.Set(AddressGuard.Requester, access.Requester);
        return _invoker.Value.SendAsync(message, cancellationToken);
    }

    /// <summary>The headers of a response, one for each line received.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> HeadersOf(HttpResponseMessage response)
    {
        foreach (var headers in new[] { response.Headers.NonValidated, response.Content.Headers.NonValidated })
        {
            foreach (var (name, values) in headers)
            {
                foreach (var value in values)
                {
                    yield return new(name, value);
                }
            }
        }
    }

    private async Task<OutboundAnswer> FollowAsync(OutboundRequest request, OutboundAccess access, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            if (!Allows(request.Target, access))
            {
                return new OutboundAnswer(
                    HttpError.DestinationNotAllowed, OutboundOutcome.NotAllowed,
                    redirects == 0 ? "allowed_hosts does not list it" : $"a redirect led to {OriginOf(request.Target)}, which allowed_hosts does not list");
            }

            var response = await SendAsync(request.ToMessage(), access, cancellationToken).ConfigureAwait(false);
            var next = request.Follow(response.StatusCode, Location(response), out var error);
            if (next is null && error == HttpError.Success)
            {
                return await OpenAsync(response, access, cancellationToken).ConfigureAwait(false);
            }

            response.Dispose();
            if (next is null)
            {
                return new OutboundAnswer(error, OutboundOutcome.Failed, "it answered with a redirect that is no http URL");
            }

            if (redirects == MaxRedirects)
            {
                return new OutboundAnswer(HttpError.RequestError, OutboundOutcome.Failed, $"more than {MaxRedirects} redirects");
            }

            request = next;
        }
    }

    private static async Task<OutboundAnswer> OpenAsync(HttpResponseMessage response, OutboundAccess access, CancellationToken cancellationToken)
    {
        if (access.IsTooLarge(response))
        {
            response.Dispose();
            return new OutboundAnswer(HttpError.RequestError, OutboundOutcome.Failed, access.BodyIsTooLarge);
        }

        var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        return new OutboundAnswer(HttpError.Success, OutboundOutcome.Completed, "", response, body);
    }

    private static string? Location(HttpResponseMessage response)
    {
        if (!response.Headers.NonValidated.TryGetValues("Location", out var values))
        {
            return null;
        }

        foreach (var value in values)
        {
            // URLs outside ASCII are sent as UTF-8, whatever headers are otherwise.
            return Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(value));
        }

        return null;
    }

    /// <summary>Scheme, host and port: what of a URL may be logged.</summary>
    internal static string OriginOf(Uri target) => $"{target.Scheme}://{target.Authority}";

    /// <summary>The innermost exception says what happened; those around it, that something did.</summary>
    internal static string Describe(Exception exception) => exception.GetBaseException().Message;

    private static HttpMessageInvoker CreateInvoker(AddressGuard guard)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            // Of a request that is traced, unless the guest names a trace itself. No other header is added.
            ActivityHeadersPropagator = DistributedContextPropagator.CreateW3CPropagator(),
            ConnectTimeout = TimeSpan.FromSeconds(10),
            MaxResponseHeadersLength = MaxResponseHeadKilobytes,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that changes in the DNS are seen
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        };
        guard.Protect(handler);
        return new HttpMessageInvoker(handler);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose()
    {
        _disposed = true;
        if (_invoker.IsValueCreated)
        {
            _invoker.Value.Dispose();
        }
    }
}

/// <summary>What came of sending a request.</summary>
/// <param name="Error">What the guest is told.</param>
/// <param name="Outcome">What is counted.</param>
/// <param name="Reason">What the log says; empty when there is nothing to say.</param>
/// <param name="Response">Its head has been read, its body has not; null unless <paramref name="Error"/> is success.</param>
/// <param name="Body">The body of the response.</param>
internal readonly record struct OutboundAnswer(
    HttpError Error, OutboundOutcome Outcome, string Reason, HttpResponseMessage? Response = null, Stream? Body = null);
