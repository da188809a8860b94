using CsCheck;
using Wagi.Modules.Configuration;
using Wagi.Runtime.Loading;

namespace Wagi.Runtime.Tests.Loading;

/// <summary>Which module has which routes, decided from values alone.</summary>
public sealed class RoutePlanTests
{
    private static ModuleEntry Entry(string id, string route, params string[] hosts) => FakeLoader.Entry(id, route, hosts);

    private static ServedModule Module(ModuleEntry entry, params string[] subRoutes) => FakeLoader.Module(entry, subRoutes).Module;

    private static string? Answer(RoutePlan plan, string path, string host = "") =>
        plan.Table.TryMatch(host, path, out var target)
            ? $"{target.Module.Entry.Id}: {target.Route.Pattern} by {target.Route.Entrypoint ?? "_start"}"
            : null;

    [Fact]
    public void TakenRoute_KeepsAllRoutesOfTheLaterEntryOut()
    {
        var first = Module(Entry("first", "/a/..."), "/x");
        var second = Module(Entry("second", "/a/x"), "/y");

        var plan = RoutePlan.Make([first, second], coming: [], leaving: []);

        Assert.Equal("route '/a/x' is taken by module 'first'", Assert.Single(plan.Conflicts).Value);
        Assert.Equal("second", Assert.Single(plan.Conflicts).Key);
        Assert.Equal("first: /a/x by /x", Answer(plan, "/a/x"));
        Assert.Equal("first: /a/... by _start", Answer(plan, "/a/x/y"));
    }

    [Fact]
    public void SameRoute_OnHostsApart_IsNoConflict()
    {
        var plan = RoutePlan.Make(
            [Module(Entry("one", "/a", "one.example")), Module(Entry("two", "/a", "two.example")), Module(Entry("any", "/a"))], coming: [], leaving: []);

        Assert.Empty(plan.Conflicts);
        Assert.Equal("one: /a by _start", Answer(plan, "/a", "one.example"));
        Assert.Equal("two: /a by _start", Answer(plan, "/a", "two.example"));
        Assert.Equal("any: /a by _start", Answer(plan, "/a", "three.example"));
    }

    [Theory]
    [InlineData(new[] { "/x", "/..." }, "/a/x", "/a/... by /...")]
    [InlineData(new[] { "/...", "/x" }, "/a/x", "/a/x by /x")]
    [InlineData(new[] { "/x/...", "/x" }, "/a/x", "/a/x by /x")]
    [InlineData(new[] { "/x", "/x/..." }, "/a/x", "/a/x/... by /x/...")]
    [InlineData(new[] { "/x/y", "/x/..." }, "/a/x/y", "/a/x/... by /x/...")]
    [InlineData(new[] { "/x", "/y" }, "/a/z", "/a/... by _start")]
    public void SubRoutes_TheLastThatMatchesAnswers(string[] subRoutes, string path, string expected)
    {
        var plan = RoutePlan.Make([Module(Entry("m", "/a/..."), subRoutes)], coming: [], leaving: []);

        Assert.Equal($"m: {expected}", Answer(plan, path));
    }

    /// <summary>One look into the table finds what trying a module's routes from the last to the first does.</summary>
    [Fact]
    public void SubRoutes_AreFoundAsIfTriedFromTheLast()
    {
        var segments = Gen.OneOf("a", "b", "").Array[0, 3].Select(parts => string.Concat(parts.Select(part => "/" + part)));
        var patterns = Gen.Select(segments, Gen.Bool, (path, isPrefix) => isPrefix ? path + "/..." : path.Length == 0 ? "/" : path).Array[0, 6];
        Gen.Select(Gen.OneOf("/...", "/a/...", "/a"), patterns, segments).Sample((route, subRoutes, path) =>
        {
            var module = Module(Entry("m", route), subRoutes);
            var plan = RoutePlan.Make([module], coming: [], leaving: []);
            var expected = module.Routes.LastOrDefault(candidate => candidate.Pattern.Matches(path));

            return Answer(plan, path) == (expected is null ? null : $"m: {expected.Pattern} by {expected.Entrypoint ?? "_start"}");
        });
    }

    [Fact]
    public void LeavingModule_AnswersWhileItsRouteIsComing_AndKeepsWhatIsFree()
    {
        var old = Module(Entry("old", "/a/...", "one.example", "two.example"), "/x");
        var taken = Module(Entry("taken", "/a/x", "one.example"));

        var plan = RoutePlan.Make([taken], coming: [Entry("new", "/a/...", "two.example")], leaving: [old]);

        Assert.Equal([old], plan.Leaving);
        Assert.Equal("old: /a/... by _start", Answer(plan, "/a/b", "one.example"));
        Assert.Equal("taken: /a/x by _start", Answer(plan, "/a/x", "one.example"));
        Assert.Equal("old: /a/x by /x", Answer(plan, "/a/x", "two.example"));
    }

    [Theory]
    [InlineData("/b/...", "one.example")]
    [InlineData("/a/...", "two.example")]
    public void LeavingModule_EndsWhenNothingIsComingForItsRoute(string route, string host)
    {
        var old = Module(Entry("old", "/a/...", "one.example"));

        var plan = RoutePlan.Make([], coming: [Entry("new", route, host)], leaving: [old]);

        Assert.Empty(plan.Leaving);
        Assert.Null(Answer(plan, "/a", "one.example"));
    }
}
