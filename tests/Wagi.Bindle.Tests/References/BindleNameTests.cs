using Wagi.Bindle.References;

namespace Wagi.Bindle.Tests.References;

public sealed class BindleNameTests
{
    /// <summary>Names from Bindle's reference specification.</summary>
    [Theory]
    [InlineData("example.com/hello_world/1.2.3", "example.com/hello_world", "1.2.3")]
    [InlineData("bindle:example.com/hello_world/1.2.3", "example.com/hello_world", "1.2.3")]
    [InlineData("github.com/deislabs/example_bindle/123.234.34567-alpha.9999+hellothere", "github.com/deislabs/example_bindle", "123.234.34567-alpha.9999+hellothere")]
    [InlineData("a/0.1.0", "a", "0.1.0")]
    [InlineData("1_b/0.1.0", "1_b", "0.1.0")]
    [InlineData("käse/0.1.0", "käse", "0.1.0")]
    public void NameAndVersion_AreTakenApart(string text, string name, string version)
    {
        Assert.True(BindleName.TryParse(text, out var parsed, out _));
        Assert.Equal((name, version, $"{name}/{version}"), (parsed.Name, parsed.Version, parsed.ToString()));
    }

    [Theory]
    [InlineData(null, "'' is not the name of a bindle: write NAME/VERSION, such as example.com/hello/1.0.0")]
    [InlineData("hello", "'hello' is not the name of a bindle: write NAME/VERSION")]
    [InlineData("/1.0.0", "write NAME/VERSION")]
    [InlineData("example.com/hello/1.0", "does not end in a version: '1.0' should be one such as 1.0.0, with all three numbers")]
    [InlineData("example.com/hello", "does not end in a version: 'hello'")]
    [InlineData("example.com/hello/1.0.0\n", "does not end in a version")]
    [InlineData("//example.com/hello/1.0.0", "between single slashes")]
    [InlineData("a/../b/1.0.0", "between single slashes")]
    [InlineData("a b/1.0.0", "may have letters, digits")]
    [InlineData("a?x=1/1.0.0", "may have letters, digits")]
    [InlineData("a@b/1.0.0", "may have letters, digits")]
    [InlineData("a%2f/1.0.0", "may have letters, digits")]
    public void WhatIsNoName_IsRefused_WithTheReason(string? text, string reason)
    {
        Assert.False(BindleName.TryParse(text, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    /// <summary>The folder that Bindle's own tools made for this bindle, in WAGI's test data.</summary>
    [Fact]
    public void StandaloneFolder_IsNamedAsBindlesToolsNameIt()
    {
        Assert.True(BindleName.TryParse("itowlson/toast-on-demand/0.1.0-ivan-20210924170616069", out var name, out _));
        Assert.Equal("28e62d239a12d50b11db734eb4a37bf9e746fd487f2a375d17db3a82d6869d54", name.StandaloneFolder);
    }
}
