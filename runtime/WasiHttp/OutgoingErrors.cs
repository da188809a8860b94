using System.Net.Sockets;
using System.Security.Authentication;
using Wagi.Runtime.Outbound;

namespace Wagi.Runtime.WasiHttp;

/// <summary>What a guest is told when its request has failed.</summary>
internal static class OutgoingErrors
{
    /// <param name="fault">What happened.</param>
    /// <param name="limits">What may be received.</param>
    /// <param name="hasHead">Whether the response had begun.</param>
    public static ErrorCode Of(OutboundFault fault, OutboundLimits limits, bool hasHead) => fault switch
    {
        { Outcome: OutboundOutcome.TimedOut } => new(hasHead ? ErrorKind.ConnectionReadTimeout : ErrorKind.HttpResponseTimeout),
        { Outcome: OutboundOutcome.NotAllowed } => new(ErrorKind.DestinationIpProhibited),
        { Exception: null } => new(ErrorKind.HttpResponseBodySize, Size: (ulong)limits.MaxResponseBody),
        { Exception: var exception } => new(KindOf(exception), exception is HttpRequestException or IOException ? fault.Reason : null),
    };

    private static ErrorKind KindOf(Exception exception) => exception.GetBaseException() switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => ErrorKind.ConnectionRefused,
        SocketException { SocketErrorCode: SocketError.TimedOut } => ErrorKind.ConnectionTimeout,
        SocketException { SocketErrorCode: SocketError.HostUnreachable or SocketError.NetworkUnreachable } => ErrorKind.DestinationIpUnroutable,
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => ErrorKind.DnsError,
        SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown } => ErrorKind.ConnectionTerminated,
        TimeoutException => ErrorKind.ConnectionTimeout,
        AuthenticationException => ErrorKind.TlsCertificateError,
        HttpIOException io => KindOf(io.HttpRequestError),
        HttpRequestException request => KindOf(request.HttpRequestError),
        _ => exception is HttpRequestException outer ? KindOf(outer.HttpRequestError) : ErrorKind.InternalError,
    };

    private static ErrorKind KindOf(HttpRequestError error) => error switch
    {
        HttpRequestError.NameResolutionError => ErrorKind.DnsError,
        HttpRequestError.ConnectionError => ErrorKind.DestinationUnavailable,
        HttpRequestError.SecureConnectionError => ErrorKind.TlsProtocolError,
        HttpRequestError.ResponseEnded => ErrorKind.HttpResponseIncomplete,
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError => ErrorKind.HttpProtocolError,
        HttpRequestError.ConfigurationLimitExceeded => ErrorKind.HttpResponseHeaderSectionSize,
        _ => ErrorKind.InternalError,
    };
}
