using Wagi.Modules.Status;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Tests.Errors;

public sealed class OciExceptionTests
{
    [Theory]
    [InlineData(OciErrorKind.InvalidReference, ModuleReason.InvalidEntry)]
    [InlineData(OciErrorKind.UnknownHost, ModuleReason.RegistryUnreachable)]
    [InlineData(OciErrorKind.Unreachable, ModuleReason.RegistryUnreachable)]
    [InlineData(OciErrorKind.TlsFailure, ModuleReason.RegistryUnreachable)]
    [InlineData(OciErrorKind.Timeout, ModuleReason.RegistryUnreachable)]
    [InlineData(OciErrorKind.Unauthorized, ModuleReason.Unauthorized)]
    [InlineData(OciErrorKind.Forbidden, ModuleReason.Unauthorized)]
    [InlineData(OciErrorKind.Credentials, ModuleReason.Unauthorized)]
    [InlineData(OciErrorKind.NotFound, ModuleReason.NotFound)]
    [InlineData(OciErrorKind.DigestMismatch, ModuleReason.DigestMismatch)]
    [InlineData(OciErrorKind.SignatureInvalid, ModuleReason.SignatureInvalid)]
    [InlineData(OciErrorKind.UnsupportedArtifact, ModuleReason.NotWasm)]
    [InlineData(OciErrorKind.TooLarge, ModuleReason.PullFailed)]
    [InlineData(OciErrorKind.RateLimited, ModuleReason.PullFailed)]
    [InlineData(OciErrorKind.ServerError, ModuleReason.PullFailed)]
    [InlineData(OciErrorKind.Protocol, ModuleReason.PullFailed)]
    public void Error_HasOneReason_ForBothPrograms(OciErrorKind kind, string reason) =>
        Assert.Equal(reason, new OciException(kind, "").Reason);
}
