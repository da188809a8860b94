namespace Wagi.Bindle.Errors;

/// <summary>A bindle or a parcel cannot be had; the message says which, from where, and why.</summary>
/// <param name="kind">What went wrong.</param>
/// <param name="message">One sentence without a final period.</param>
/// <param name="inner">The cause.</param>
public sealed class BindleException(BindleErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What went wrong.</summary>
    public BindleErrorKind Kind { get; } = kind;
}

/// <summary>What went wrong, for programs; <see cref="BindleException"/>'s message says it for people.</summary>
public enum BindleErrorKind
{
    /// <summary>The server cannot be reached, its name not be resolved, or it fell silent.</summary>
    Unreachable,

    /// <summary>There is no such bindle, no such standalone folder, or no such parcel.</summary>
    NotFound,

    /// <summary>The server wants credentials, or refuses: as it does for a bindle that was yanked.</summary>
    Refused,

    /// <summary>The server answered with a failure of its own, or with what is no answer.</summary>
    ServerFailure,

    /// <summary>The invoice cannot be used, or the part of it that describes the parcel.</summary>
    InvalidInvoice,

    /// <summary>The bytes are not those that the invoice names.</summary>
    HashMismatch,
}
