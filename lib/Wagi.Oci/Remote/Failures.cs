using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wagi.Modules.Network;
using Wagi.Modules.Retries;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>An answer that is not a success (OCI distribution spec 1.1, "Error Codes").</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">The first error code, such as <c>MANIFEST_UNKNOWN</c>; null if the body has none.</param>
/// <param name="Message">The first error's message on one line, without control characters; empty if the body has none.</param>
/// <param name="Wait">The Retry-After header.</param>
internal sealed record ErrorResponse(HttpStatusCode Status, string? Code, string Message, TimeSpan? Wait)
{
    private const int MaxBody = 64 * 1024;
    private const int MaxMessage = 200;

    public static async Task<ErrorResponse> ReadAsync(
        Transport transport, HttpResponseMessage response, string subject, CancellationToken cancellationToken)
    {
        ErrorEntry? first = null;
        try
        {
            var body = await BoundedBody.ReadAsync(transport, response, subject, MaxBody, "error answer", cancellationToken);
            if (!body.IsEmpty)
            {
                first = JsonSerializer.Deserialize(body.Span, RemoteJsonContext.Default.ErrorBody)?.Errors is [var entry, ..] ? entry : null;
            }
        }
        catch (Exception exception) when (exception is JsonException or OciException)
        {
            // Proxies answer in HTML: the status has to be enough.
        }

        return new ErrorResponse(response.StatusCode, first?.Code, OneLine(first?.Message), RetryAfter.Of(response));
    }

    /// <summary>The error in words for users.</summary>
    /// <param name="subject">Full reference.</param>
    /// <param name="registry">Host of the registry.</param>
    /// <param name="withCredential">Whether credentials were sent.</param>
    /// <param name="missing">Says what does not exist, for status 404.</param>
    public OciException ToException(string subject, string registry, bool withCredential, string missing)
    {
        var said = Message.Length > 0 ? $"{(int)Status} {Code}: {Message}" : Code is null ? $"{(int)Status}" : $"{(int)Status} {Code}";
        return Status switch
        {
            HttpStatusCode.Unauthorized => new OciException(
                OciErrorKind.Unauthorized,
                withCredential
                    ? $"{subject}: registry '{registry}' refused the credentials ({said}); check user and password or token, and that they have not expired"
                    : $"{subject}: registry '{registry}' wants credentials ({said}) and none are given for it; log in, or name an imagePullSecret"),
            HttpStatusCode.Forbidden => new OciException(
                OciErrorKind.Forbidden,
                withCredential
                    ? $"{subject}: the credentials given may not do this at registry '{registry}' ({said}); ask for access to the repository"
                    : $"{subject}: registry '{registry}' does not allow this without credentials ({said}); log in, or name an imagePullSecret"),
            HttpStatusCode.NotFound => new OciException(OciErrorKind.NotFound, $"{subject}: {missing}"),
            HttpStatusCode.RequestEntityTooLarge => new OciException(
                OciErrorKind.TooLarge, $"{subject}: registry '{registry}', or a proxy before it, takes no upload of this size ({said})"),
            HttpStatusCode.TooManyRequests => new OciException(
                OciErrorKind.RateLimited,
                $"{subject}: registry '{registry}' is rate limiting ({said}); {(Wait is null ? "try again later" : $"try again in {Wait.Value.TotalSeconds:0} s")}",
                isTransient: true,
                retryAfter: Wait),
            HttpStatusCode.RequestTimeout => new OciException(
                OciErrorKind.Timeout, $"{subject}: registry '{registry}' gave up waiting ({said})", isTransient: true, retryAfter: Wait),
            >= HttpStatusCode.InternalServerError => new OciException(
                OciErrorKind.ServerError,
                $"{subject}: registry '{registry}' failed ({said})",
                isTransient: Status is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported),
                retryAfter: Wait),
            _ => new OciException(OciErrorKind.Protocol, $"{subject}: registry '{registry}' answered with an unexpected status ({said})"),
        };
    }

    private static string OneLine(string? message)
    {
        if (message is null)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var character in message.AsSpan(0, Math.Min(message.Length, MaxMessage)))
        {
            text.Append(char.IsControl(character) ? ' ' : character);
        }

        return text.ToString().Trim();
    }
}

/// <summary>Failures of the network, in words for users.</summary>
internal static class Failures
{
    public static OciException NoAnswer(RegistryRequest request, HttpRequestException exception)
    {
        var host = request.Uri.Authority;
        var cause = Innermost(exception).Message;
        if (Innermost(exception) is DestinationDeniedException)
        {
            return new OciException(OciErrorKind.Denied, $"{request.Subject}: {cause}", isTransient: false, exception);
        }

        return exception.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new OciException(
                OciErrorKind.UnknownHost,
                $"{request.Subject}: the host '{request.Uri.Host}' does not resolve ({cause}); check its spelling and DNS",
                // "Try again" means that a name server does not answer; "not found" is an answer.
                isTransient: Innermost(exception) is SocketException { SocketErrorCode: SocketError.TryAgain },
                exception),
            HttpRequestError.SecureConnectionError => new OciException(
                OciErrorKind.TlsFailure,
                $"{request.Subject}: no TLS connection to '{host}' ({cause}); if its certificate comes from a private authority, add that to the trusted ones (SSL_CERT_FILE), and if it speaks plain HTTP, declare it an insecure registry",
                isTransient: false,
                exception),
            HttpRequestError.ProxyTunnelError => new OciException(
                OciErrorKind.Unreachable,
                $"{request.Subject}: the HTTP proxy gave no connection to '{host}' ({cause}); check HTTPS_PROXY and NO_PROXY",
                isTransient: true,
                exception),
            HttpRequestError.InvalidResponse => new OciException(
                OciErrorKind.Protocol,
                $"{request.Subject}: what answers at '{host}' does not speak HTTP ({cause}); check host and port",
                isTransient: false,
                exception),
            HttpRequestError.ConnectionError => new OciException(
                OciErrorKind.Unreachable,
                $"{request.Subject}: the registry '{host}' cannot be reached ({cause}); check that it runs, and host and port",
                isTransient: true,
                exception),
            _ => Broken(request.Subject, host, exception),
        };
    }

    public static OciException Broken(string subject, string host, Exception exception) => new(
        OciErrorKind.Unreachable,
        $"{subject}: the connection to '{host}' broke ({Innermost(exception).Message})",
        isTransient: true,
        exception);

    public static OciException Silent(RegistryRequest request, Exception exception, TimeSpan limit) =>
        exception.InnerException is TimeoutException
            ? new OciException(
                OciErrorKind.Timeout,
                $"{request.Subject}: no connection to '{request.Uri.Authority}' in time; check that the registry runs and that no firewall is in between",
                isTransient: true,
                exception)
            : Silent(request.Subject, request.Uri.Authority, limit, exception);

    public static OciException Silent(string subject, string host, TimeSpan limit, Exception? exception) => new(
        OciErrorKind.Timeout,
        $"{subject}: '{host}' has been silent for {limit.TotalSeconds:0.#} s",
        isTransient: true,
        exception);

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception;
    }
}

/// <summary>The JSON body of an error answer.</summary>
internal sealed class ErrorBody
{
    public IReadOnlyList<ErrorEntry?>? Errors { get; init; }
}

/// <summary>One entry of an <see cref="ErrorBody"/>.</summary>
internal sealed class ErrorEntry
{
    public string? Code { get; init; }

    public string? Message { get; init; }
}

/// <summary>Source-generated JSON for what registries say besides content.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(TokenAnswer))]
internal sealed partial class RemoteJsonContext : JsonSerializerContext;
