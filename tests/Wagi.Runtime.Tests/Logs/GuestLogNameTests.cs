using Wagi.Runtime.Logs;

namespace Wagi.Runtime.Tests.Logs;

public class GuestLogNameTests
{
    [Theory]
    [InlineData("default/hello", "default-hello-")]
    [InlineData("/hello/...", "hello-")]
    [InlineData("www.example.com/a_b", "www.example.com-a_b-")]
    [InlineData("../../etc/passwd", "etc-passwd-")]
    public void Name_IsReadable_AndASingleFolder(string id, string start)
    {
        Assert.Matches($"^{start.Replace(".", "[.]", StringComparison.Ordinal)}[0-9a-f]{{12}}$", GuestLogName.Of(id));
    }

    [Theory]
    [InlineData("/")]
    [InlineData("..")]
    [InlineData("/ä")]
    public void NameWithoutAReadablePart_IsAHash(string id)
    {
        Assert.Matches("^[0-9a-f]{12}$", GuestLogName.Of(id));
    }

    [Fact]
    public void IdsThatLookAlike_HaveNamesOfTheirOwn()
    {
        string[] ids = ["/a/b", "/a-b", "/a/b/...", "/A/b", "a/b", "/a/b/" + new string('x', 300), "/a/b/" + new string('x', 301)];
        var names = ids.Select(GuestLogName.Of).ToList();
        Assert.Equal(ids.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(names, name => Assert.True(name.Length < 128));
    }

    /// <summary>By <c>printf /hello/... | sha256sum</c>.</summary>
    [Fact]
    public void RouteHash_IsTheSha256OfTheRoute() =>
        Assert.Equal("06534c588c4bcf346a7dd628395a760098606413609a0854c62739599cc8c029", GuestLogName.OfRoute("/hello/..."));
}
