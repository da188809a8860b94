namespace Wagi.Runtime.Outbound;

/// <summary>What the functions of <c>wasi_experimental_http</c> return: <c>http_error</c> of <c>wasi_experimental_http.witx</c>.</summary>
internal enum HttpError : uint
{
    Success = 0,

    /// <summary>There is no such response, or it has been closed.</summary>
    InvalidHandle = 1,

    /// <summary>The module does not export its memory as <c>memory</c>.</summary>
    MemoryNotFound = 2,

    /// <summary>A pointer leads out of the guest's memory.</summary>
    MemoryAccessError = 3,

    /// <summary>The buffer does not hold what was asked for; a larger one will.</summary>
    BufferTooSmall = 4,

    /// <summary>The response has no such header.</summary>
    HeaderNotFound = 5,

    /// <summary>A text that the guest handed over is not UTF-8.</summary>
    Utf8Error = 6,

    /// <summary>The URL, or the target of a redirect, is of no origin that <c>allowed_hosts</c> lists.</summary>
    DestinationNotAllowed = 7,

    /// <summary>The method is not a token (RFC 9110 §9.1), or it is CONNECT.</summary>
    InvalidMethod = 8,

    /// <summary>The header lines are not <c>name:value</c>, or hold characters that would break out of a header.</summary>
    InvalidEncoding = 9,

    /// <summary>The URL cannot be read, or is neither http nor https.</summary>
    InvalidUrl = 10,

    /// <summary>The request failed on its way: no connection, a broken or oversized answer, too many redirects, the time is up.</summary>
    RequestError = 11,

    /// <summary>The runtime itself failed; its log says how.</summary>
    RuntimeError = 12,

    /// <summary>The module has as many responses open as <c>http_max_concurrency</c> allows.</summary>
    TooManySessions = 13,
}
