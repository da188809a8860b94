using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.WasiHttp;

/// <summary>The cases of <c>wasi:http/types.error-code</c>, in their order.</summary>
internal enum ErrorKind : byte
{
    DnsTimeout,
    DnsError,
    DestinationNotFound,
    DestinationUnavailable,
    DestinationIpProhibited,
    DestinationIpUnroutable,
    ConnectionRefused,
    ConnectionTerminated,
    ConnectionTimeout,
    ConnectionReadTimeout,
    ConnectionWriteTimeout,
    ConnectionLimitReached,
    TlsProtocolError,
    TlsCertificateError,
    TlsAlertReceived,
    HttpRequestDenied,
    HttpRequestLengthRequired,
    HttpRequestBodySize,
    HttpRequestMethodInvalid,
    HttpRequestUriInvalid,
    HttpRequestUriTooLong,
    HttpRequestHeaderSectionSize,
    HttpRequestHeaderSize,
    HttpRequestTrailerSectionSize,
    HttpRequestTrailerSize,
    HttpResponseIncomplete,
    HttpResponseHeaderSectionSize,
    HttpResponseHeaderSize,
    HttpResponseBodySize,
    HttpResponseTrailerSectionSize,
    HttpResponseTrailerSize,
    HttpResponseTransferCoding,
    HttpResponseContentCoding,
    HttpResponseTimeout,
    HttpUpgradeFailed,
    HttpProtocolError,
    LoopDetected,
    ConfigurationError,
    InternalError,
}

/// <summary>Why a request or a response has failed: <c>wasi:http/types.error-code</c>.</summary>
/// <param name="Kind">The case.</param>
/// <param name="Detail">Of <see cref="ErrorKind.InternalError"/>, what people may read.</param>
/// <param name="Size">Of cases about a size that was exceeded, what is allowed, in bytes.</param>
internal sealed record ErrorCode(ErrorKind Kind, string? Detail = null, ulong? Size = null)
{
    /// <summary>How long it is in memory, and how it is aligned, in bytes.</summary>
    public const uint Length = 32;

    /// <inheritdoc cref="Length"/>
    public const uint Alignment = 8;

    /// <summary>Writes it to the memory of a guest.</summary>
    /// <exception cref="Interop.TrapException">There is no memory for it.</exception>
    public void Store(in LoweredCall call, uint at)
    {
        // What has no value here is none: zero.
        call.Memory.Struct(at, Length, Alignment).Clear();
        call.Memory.WriteByte(at, (byte)Kind);
        if (Kind == ErrorKind.InternalError && Detail is not null)
        {
            call.StoreText(at + 12, Detail);
            call.Memory.WriteByte(at + 8, 1);
        }
        else if (Kind is ErrorKind.HttpRequestBodySize or ErrorKind.HttpResponseBodySize && Size is { } size)
        {
            call.Memory.WriteByte(at + 8, 1);
            call.Memory.WriteU64(at + 16, size);
        }
    }

    /// <summary>The name of a case as in WIT, or its number when there is no such case.</summary>
    public static string NameOf(uint kind) => Enum.IsDefined((ErrorKind)kind) && kind <= byte.MaxValue
        ? string.Concat(((ErrorKind)kind).ToString().Select((character, i) => char.IsUpper(character) && i > 0 ? $"-{char.ToLowerInvariant(character)}" : $"{char.ToLowerInvariant(character)}"))
        : $"{kind}";
}
