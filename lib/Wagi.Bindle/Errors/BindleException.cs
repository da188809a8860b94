namespace Wagi.Bindle.Errors;

/// <summary>A bindle or a parcel is not available; the message says which, where it was looked for, and why.</summary>
/// <param name="kind">What went wrong.</param>
/// <param name="message">One sentence without a final period.</param>
/// <param name="inner">The cause.</param>
public sealed class BindleException(BindleErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What went wrong.</summary>
    public BindleErrorKind Kind { get; } = kind;
}

/// <summary>What went wrong, for code; the message of a <see cref="BindleException"/> is for people.</summary>
public enum BindleErrorKind
{
    /// <summary>The server cannot be reached, its name does not resolve, or it stopped answering.</summary>
    Unreachable,

    /// <summary>The server, or what it redirects to, has an address that this program does not connect to.</summary>
    Denied,

    /// <summary>There is no such bindle, no such standalone folder, or no such parcel.</summary>
    NotFound,

    /// <summary>The server wants credentials or refuses, for example because the bindle was yanked.</summary>
    Refused,

    /// <summary>The server failed, or sent something that is not an answer.</summary>
    ServerFailure,

    /// <summary>The invoice, or its description of the parcel, cannot be used.</summary>
    InvalidInvoice,

    /// <summary>The bytes do not have the hash that the invoice names.</summary>
    HashMismatch,
}
