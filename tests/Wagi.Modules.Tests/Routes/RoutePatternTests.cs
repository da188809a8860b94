using Wagi.Modules.Routes;

namespace Wagi.Modules.Tests.Routes;

public sealed class RoutePatternTests
{
    [Theory]
    [InlineData("/a", "/a", true)]
    [InlineData("/a", "/a/", false)]
    [InlineData("/a", "/a/b", false)]
    [InlineData("/a/...", "/a", true)]
    [InlineData("/a/...", "/a/", true)]
    [InlineData("/a/...", "/a/b/c", true)]
    [InlineData("/a/...", "/ab", false)]
    [InlineData("/...", "/", true)]
    [InlineData("/...", "/any/thing", true)]
    [InlineData("/", "/", true)]
    [InlineData("/", "/a", false)]
    public void Pattern_Matches_ThePathsBelowIt(string pattern, string path, bool expected) =>
        Assert.Equal(expected, RoutePattern.Parse(pattern).Matches(path));

    [Theory]
    [InlineData(null, "a route is missing")]
    [InlineData("", "a route is missing")]
    [InlineData("a", "must start with '/'")]
    [InlineData("/a?b", "without '?' or '#'")]
    [InlineData("/a b", "spaces")]
    [InlineData("/a/../b", "'.' or '..'")]
    [InlineData("/a...", "only as its last segment")]
    [InlineData("/.../a", "only as its last segment")]
    [InlineData("/a/....", "only as its last segment")]
    public void BadPattern_IsRefused_WithTheReason(string? text, string reason)
    {
        Assert.False(RoutePattern.TryParse(text, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a/...", "/b", "/a/b")]
    [InlineData("/a", "/b/...", "/a/b/...")]
    [InlineData("/", "/b", "/b")]
    [InlineData("/...", "/b", "/b")]
    public void Append_PutsTheSubRouteBelowTheModule(string module, string subroute, string expected) =>
        Assert.Equal(expected, RoutePattern.Parse(module).Append(RoutePattern.Parse(subroute)).ToString());
}
