using Wagi.Modules.Status;
using Wagi.Oci.Errors;

namespace Wagi.Operator.Tags;

/// <summary>Why a registry gave no digest, in the words of a condition.</summary>
internal static class FailureReason
{
    /// <summary>One of <see cref="ModuleReason"/>.</summary>
    public static string Of(OciErrorKind kind) => kind switch
    {
        OciErrorKind.UnknownHost or OciErrorKind.Unreachable or OciErrorKind.TlsFailure or OciErrorKind.Timeout
            or OciErrorKind.RateLimited or OciErrorKind.ServerError => ModuleReason.RegistryUnreachable,
        OciErrorKind.Unauthorized or OciErrorKind.Forbidden or OciErrorKind.Credentials => ModuleReason.Unauthorized,
        OciErrorKind.NotFound => ModuleReason.NotFound,
        OciErrorKind.DigestMismatch => ModuleReason.DigestMismatch,
        OciErrorKind.UnsupportedArtifact or OciErrorKind.TooLarge => ModuleReason.NotWasm,
        OciErrorKind.InvalidReference => ModuleReason.InvalidEntry,
        _ => ModuleReason.PullFailed,
    };
}
