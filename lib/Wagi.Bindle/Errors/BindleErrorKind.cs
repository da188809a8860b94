namespace Wagi.Bindle.Errors;

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
