using Wagi.Modules.Status;

namespace Wagi.Oci.Errors;

/// <summary>
/// The only exception that this library throws, apart from <see cref="OperationCanceledException"/> and argument errors.
/// <see cref="Exception.Message"/> is for users: what was wrong, where, and what to do. It never contains a credential.
/// </summary>
public sealed class OciException : Exception
{
    /// <summary>Creates an error.</summary>
    /// <param name="kind">The cause.</param>
    /// <param name="message">The text for the user.</param>
    /// <param name="isTransient">Whether the same call may succeed later although nobody changed anything.</param>
    /// <param name="innerException">What was caught, if anything.</param>
    /// <param name="retryAfter">How long the registry asked to wait.</param>
    public OciException(
        OciErrorKind kind,
        string message,
        bool isTransient = false,
        Exception? innerException = null,
        TimeSpan? retryAfter = null)
        : base(message, innerException)
    {
        Kind = kind;
        IsTransient = isTransient;
        RetryAfter = retryAfter;
    }

    /// <summary>The cause.</summary>
    public OciErrorKind Kind { get; }

    /// <summary>
    /// True when the same call may succeed later (network, overload, a failing registry); false when somebody has to change something
    /// first.
    /// </summary>
    public bool IsTransient { get; }

    /// <summary>How long the registry asked to wait (RFC 9110 §10.2.3); null if it did not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>
    /// Whether the registry itself failed, whatever it was asked for: it did not answer, or not as a registry does. One that refuses, or that
    /// limits the rate, works.
    /// </summary>
    public bool IsOfTheRegistry => Kind is OciErrorKind.UnknownHost or OciErrorKind.Unreachable or OciErrorKind.TlsFailure
        or OciErrorKind.Timeout or OciErrorKind.ServerError or OciErrorKind.Protocol;

    /// <summary>
    /// The reason that both programs report for it, one of <see cref="ModuleReason"/>. A registry that answers is not unreachable, whatever
    /// it says: network and DNS are in order, and only the message tells what to do.
    /// </summary>
    public string Reason => Kind switch
    {
        OciErrorKind.UnknownHost or OciErrorKind.Unreachable or OciErrorKind.TlsFailure or OciErrorKind.Timeout
            => ModuleReason.RegistryUnreachable,
        OciErrorKind.Unauthorized or OciErrorKind.Forbidden or OciErrorKind.Credentials => ModuleReason.Unauthorized,
        OciErrorKind.NotFound => ModuleReason.NotFound,
        OciErrorKind.DigestMismatch => ModuleReason.DigestMismatch,
        OciErrorKind.SignatureInvalid => ModuleReason.SignatureInvalid,
        OciErrorKind.UnsupportedArtifact => ModuleReason.NotWasm,
        OciErrorKind.InvalidReference => ModuleReason.InvalidEntry,
        _ => ModuleReason.PullFailed,
    };
}

/// <summary>Why a registry operation failed: one value for each thing that a user would do next.</summary>
public enum OciErrorKind
{
    /// <summary>The text is not a reference. Correct it.</summary>
    InvalidReference,

    /// <summary>The registry's host name does not resolve.</summary>
    UnknownHost,

    /// <summary>The host is known, but there was no connection, or it broke.</summary>
    Unreachable,

    /// <summary>The host, or what it redirects to, has an address that this program does not connect to.</summary>
    Denied,

    /// <summary>TLS failed: an untrusted certificate, or a registry that speaks plain HTTP.</summary>
    TlsFailure,

    /// <summary>The registry sent nothing for longer than <see cref="Remote.RegistryClientOptions.StallTimeout"/>.</summary>
    Timeout,

    /// <summary>Credentials are missing or were refused (401).</summary>
    Unauthorized,

    /// <summary>The registry knows the credentials, but they do not allow this (403).</summary>
    Forbidden,

    /// <summary>The repository, tag, manifest or blob does not exist; the message says which, if the registry said so.</summary>
    NotFound,

    /// <summary>The content does not have the digest or size that its descriptor or reference says.</summary>
    DigestMismatch,

    /// <summary>The artifact must be signed, and no signature of it is valid by one of the keys.</summary>
    SignatureInvalid,

    /// <summary>The artifact exists but has no usable module: not Wasm, several modules, an unknown layout.</summary>
    UnsupportedArtifact,

    /// <summary>The artifact has files that are not unpacked: a name that leads outside, a link, one name twice, no archive at all.</summary>
    UnusableFiles,

    /// <summary>A manifest, layer or module is larger than the limit.</summary>
    TooLarge,

    /// <summary>Too many requests (429); <see cref="OciException.RetryAfter"/> says how long to wait, if the registry said so.</summary>
    RateLimited,

    /// <summary>The registry, or a proxy in front of it, failed (5xx).</summary>
    ServerError,

    /// <summary>The answer does not follow the OCI distribution specification.</summary>
    Protocol,

    /// <summary>A file or Secret with credentials is malformed, or a credential helper could not be used.</summary>
    Credentials,
}
