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
}
