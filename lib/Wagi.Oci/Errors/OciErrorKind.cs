namespace Wagi.Oci.Errors;

/// <summary>Why a registry operation failed. One value per thing that a user would do next.</summary>
public enum OciErrorKind
{
    /// <summary>The text is not a reference. Correct it.</summary>
    InvalidReference,

    /// <summary>The registry's host name does not resolve.</summary>
    UnknownHost,

    /// <summary>The host is known, but no connection came about, or it broke.</summary>
    Unreachable,

    /// <summary>TLS failed: an untrusted certificate, or a registry that speaks plain HTTP.</summary>
    TlsFailure,

    /// <summary>The registry sent nothing for longer than <see cref="Remote.RegistryClientOptions.StallTimeout"/>.</summary>
    Timeout,

    /// <summary>Credentials are missing or were refused (401).</summary>
    Unauthorized,

    /// <summary>The credentials are known but may not do this (403).</summary>
    Forbidden,

    /// <summary>The repository, tag, manifest or blob is not there; the message says which if the registry told.</summary>
    NotFound,

    /// <summary>Content differs in digest or size from what its descriptor or reference says.</summary>
    DigestMismatch,

    /// <summary>The artifact is there but holds no module that can be used: not Wasm, several modules, an unknown layout.</summary>
    UnsupportedArtifact,

    /// <summary>A manifest, layer or module is larger than the limit.</summary>
    TooLarge,

    /// <summary>Too many requests (429); <see cref="OciException.RetryAfter"/> says how long to wait if the registry told.</summary>
    RateLimited,

    /// <summary>The registry, or a proxy before it, failed (5xx).</summary>
    ServerError,

    /// <summary>The answer does not follow the OCI distribution specification.</summary>
    Protocol,

    /// <summary>A file or Secret with credentials is malformed, or a credential helper could not be used.</summary>
    Credentials,
}
