using Wagi.Modules.Sources;

namespace Wagi.Modules.Tests.Sources;

public sealed class ModuleReferenceTests
{
    [Theory]
    [InlineData("hello.wasm", ModuleScheme.File, "hello.wasm")]
    [InlineData("/opt/hello.wasm", ModuleScheme.File, "/opt/hello.wasm")]
    [InlineData("file:hello.wasm", ModuleScheme.File, "hello.wasm")]
    [InlineData("file:///opt/my%20module.wasm", ModuleScheme.File, "/opt/my module.wasm")]
    [InlineData("oci://ghcr.io/me/hello:v1", ModuleScheme.Oci, "ghcr.io/me/hello:v1")]
    [InlineData("oci:ghcr.io/me/hello:v1", ModuleScheme.Oci, "ghcr.io/me/hello:v1")]
    [InlineData("bindle:example.com/hello/1.0.0", ModuleScheme.Bindle, "example.com/hello/1.0.0")]
    public void Reference_IsRead_AsInModulesToml(string text, ModuleScheme scheme, string value)
    {
        Assert.True(ModuleReference.TryParse(text, out var reference, out _));
        Assert.Equal(new ModuleReference(scheme, value), reference);
    }

    [Theory]
    [InlineData("", "a module is missing")]
    [InlineData("https://example.com/hello.wasm", "unknown scheme")]
    [InlineData("oci://", "names nothing")]
    public void BadReference_IsRefused_WithTheReason(string text, string reason)
    {
        Assert.False(ModuleReference.TryParse(text, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ghcr.io/me/hello:v1", ModuleScheme.Oci)]
    [InlineData("oci://ghcr.io/me/hello:v1", ModuleScheme.Oci)]
    [InlineData("bindle:hello/1.0.0", ModuleScheme.Bindle)]
    public void WagiModule_MayLeaveOutTheScheme(string text, ModuleScheme scheme)
    {
        Assert.True(ModuleReference.TryParseRemote(text, out var reference, out _));
        Assert.Equal(scheme, reference.Scheme);
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("./hello.wasm")]
    public void WagiModule_CannotNameAFile(string text)
    {
        Assert.False(ModuleReference.TryParseRemote(text, out var reference, out var error));
        Assert.Null(reference);
        Assert.Contains("is a file", error, StringComparison.Ordinal);
    }

    /// <summary>As an OCI reference without a registry, it would be one of docker.io's.</summary>
    [Theory]
    [InlineData("hello.wasm", false)]
    [InlineData("hello.WAT", false)]
    [InlineData("samples/modules/hello.wasm", false)]
    [InlineData("hello.cwasm", false)]
    [InlineData("hello.wasm:v1", true)]
    [InlineData("oci://hello.wasm", true)]
    [InlineData("ghcr.io/me/hello.wasm", true)]
    [InlineData("localhost/hello.wasm", true)]
    [InlineData("registry:5000/hello.wasm", true)]
    public void FileName_IsNoReferenceOfAWagiModule(string text, bool isReference)
    {
        Assert.Equal(isReference, ModuleReference.TryParseRemote(text, out _, out var error));
        if (!isReference)
        {
            Assert.Equal(
                $"module '{text}' is the name of a file; a WagiModule names an OCI reference ('oci://REGISTRY/REPOSITORY:TAG') or 'bindle:NAME', and 'wagi push FILE REFERENCE' makes one of a file",
                error);
        }
    }
}
