using System.Net;
using System.Net.Sockets;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>Failures of the network, in words for users.</summary>
internal static class Failures
{
    public static OciException NoAnswer(RegistryRequest request, HttpRequestException exception)
    {
        var host = request.Uri.Authority;
        var cause = Innermost(exception).Message;
        return exception.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new OciException(
                OciErrorKind.UnknownHost,
                $"{request.Subject}: the host '{request.Uri.Host}' does not resolve ({cause}); check its spelling and DNS",
                // "Try again" comes from a name server that does not answer; "not found" is an answer.
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
        while (exception.InnerException is { } inner) exception = inner;
        return exception;
    }
}
