using CsCheck;
using Wagi.Modules.Routes;

namespace Wagi.Modules.Tests.Routes;

public sealed class RouteTableTests
{
    private static RouteTable<string> Table(params (string? Host, string Route)[] routes)
    {
        var builder = new RouteTableBuilder<string>();
        foreach (var (host, route) in routes)
        {
            Assert.Null(builder.TryAdd(host is null ? null : HostPattern.Parse(host), RoutePattern.Parse(route), host + route));
        }

        return builder.Build();
    }

    private static string? Match(RouteTable<string> table, string host, string path) =>
        table.TryMatch(host, path, out var target) ? target : null;

    [Fact]
    public void ExactRoute_Wins_OverPrefix_InAnyOrder()
    {
        foreach (var table in new[] { Table((null, "/a/..."), (null, "/a")), Table((null, "/a"), (null, "/a/...")) })
        {
            Assert.Equal("/a", Match(table, "", "/a"));
            Assert.Equal("/a/...", Match(table, "", "/a/b"));
        }
    }

    /// <summary>RFC 3986 §3.2.2: the dot of the DNS root may stand at the end of a host.</summary>
    [Fact]
    public void HostWithTheRootsDot_IsTheSameHost()
    {
        var table = Table(("example.com", "/a"), ("*.example.com", "/a"), (null, "/..."));

        Assert.Equal("example.com/a", Match(table, "example.com.", "/a"));
        Assert.Equal("*.example.com/a", Match(table, "www.example.com.", "/a"));
        Assert.Equal("/...", Match(table, ".", "/a"));
    }

    [Fact]
    public void LongerPrefix_Wins_OverShorter()
    {
        var table = Table((null, "/..."), (null, "/a/..."), (null, "/a/b/..."));
        Assert.Equal("/a/b/...", Match(table, "", "/a/b/c"));
        Assert.Equal("/a/...", Match(table, "", "/a/x"));
        Assert.Equal("/...", Match(table, "", "/x"));
    }

    [Fact]
    public void PrefixRoute_DoesNotMatch_SiblingWithSamePrefix() => Assert.Null(Match(Table((null, "/a/...")), "", "/ab"));

    [Fact]
    public void NamedHost_Wins_OverWildcard_OverNone()
    {
        var table = Table((null, "/x"), ("*.example.com", "/x"), ("a.example.com", "/x"), ("*.b.example.com", "/x"));
        Assert.Equal("a.example.com/x", Match(table, "A.Example.com", "/x"));
        Assert.Equal("*.example.com/x", Match(table, "c.example.com", "/x"));
        Assert.Equal("*.b.example.com/x", Match(table, "d.b.example.com", "/x"));
        Assert.Equal("/x", Match(table, "example.com", "/x"));
        Assert.Equal("/x", Match(table, "", "/x"));
    }

    [Fact]
    public void HostWithoutTheRoute_FallsBack_ToTheModuleForEveryHost()
    {
        var table = Table((null, "/shared"), ("a.example.com", "/own"));
        Assert.Equal("/shared", Match(table, "a.example.com", "/shared"));
        Assert.Null(Match(table, "b.example.com", "/own"));
    }

    [Fact]
    public void TakenRoute_StaysWithItsHolder()
    {
        var builder = new RouteTableBuilder<string>();
        Assert.Null(builder.TryAdd(null, RoutePattern.Parse("/a"), "first"));
        Assert.Equal("first", builder.TryAdd(null, RoutePattern.Parse("/a"), "second"));
        Assert.Equal("first", Match(builder.Build(), "", "/a"));
    }

    /// <summary>The tree answers what the plain definition of "most specific" says, for any routes and any path.</summary>
    [Fact]
    public void Table_Agrees_WithTheDefinition()
    {
        var segment = Gen.OneOf("a", "b", "ab", "");
        var path = segment.Array[0, 4].Select(segments => "/" + string.Join('/', segments));
        var route = Gen.Select(path, Gen.Bool).Select((text, isPrefix) => isPrefix ? text.TrimEnd('/') + "/..." : text);
        Gen.Select(route.Array[0, 8], path).Sample((routes, request) =>
        {
            var builder = new RouteTableBuilder<string>();
            var patterns = routes.Distinct().Select(RoutePattern.Parse).ToList();
            foreach (var pattern in patterns)
            {
                builder.TryAdd(null, pattern, pattern.ToString());
            }

            var expected = patterns.Where(pattern => pattern.Matches(request))
                .OrderBy(pattern => pattern.IsPrefix)
                .ThenByDescending(pattern => pattern.Path.Length)
                .FirstOrDefault()?.ToString();
            return Match(builder.Build(), "", request) == expected;
        });
    }
}
