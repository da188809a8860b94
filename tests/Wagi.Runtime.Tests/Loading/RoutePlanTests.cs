using CsCheck;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
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
        var first = Module(Entry("first", "/a"), "/x");
        var second = Module(Entry("second", "/a"), "/y");

        var plan = RoutePlan.Make([first, second], coming: [], leaving: []);

        Assert.Equal("route '/a' is taken by module 'first'", Assert.Single(plan.Conflicts).Value);
        Assert.Equal("second", Assert.Single(plan.Conflicts).Key);
        Assert.Equal("first: /a by _start", Answer(plan, "/a"));
        Assert.Equal("first: /a/x by /x", Answer(plan, "/a/x"));
        Assert.Null(Answer(plan, "/a/y"));
    }

    /// <summary>A sub-route is made up by a module; an entry's own route is what somebody accepted.</summary>
    [Theory]
    [InlineData("/a/...", "/x", "/a/x", "/a/x")]
    [InlineData("/a/...", "/x/...", "/a/x/...", "/a/x/y")]
    [InlineData("/a/...", "/x/y", "/a/x/...", "/a/x/y")] // deep inside the other's
    [InlineData("/a/...", "/x/y/...", "/a/x/...", "/a/x/y/z")]
    [InlineData("/a", "/x", "/a/...", "/a/x")]
    [InlineData("/", "/a", "/a", "/a")]
    [InlineData("/", "/a/login", "/a/...", "/a/login")]
    [InlineData("/", "/x", "/...", "/x")]
    public void SubRoute_OfAnotherEntrysRoute_IsLeftOutAlone(string route, string subRoute, string others, string path)
    {
        var greedy = Module(Entry("greedy", route), subRoute, "/mine");
        var other = Module(Entry("other", others));

        foreach (var order in new ServedModule[][] { [greedy, other], [other, greedy] })
        {
            var plan = RoutePlan.Make(order, coming: [], leaving: []);

            Assert.Empty(plan.Conflicts);
            Assert.Equal($"other: {others} by _start", Answer(plan, path));
            var pattern = greedy.Entry.Route.Append(RoutePattern.Parse(subRoute));
            Assert.Contains(plan.LeftOut["greedy"], left => left.ToString() == $"sub-route '{pattern}' is left out: it belongs to module 'other'");
            if (others is not ("/..." or "/a/...") || route == "/a/...")
            {
                var mine = greedy.Entry.Route.Append(RoutePattern.Parse("/mine"));
                Assert.Equal($"greedy: {mine} by /mine", Answer(plan, mine.Path));
                Assert.Single(plan.LeftOut["greedy"]);
            }
        }
    }

    [Theory]
    [InlineData("/a", "/x", "/...", "/a/x")] // the other's route lies above
    [InlineData("/a/...", "/x", "/a", "/a/x")]
    [InlineData("/a/...", "/x/...", "/a/x", "/a/x/y")]
    public void SubRoute_BelowItsOwnEntrysRoute_IsServed(string route, string subRoute, string others, string path)
    {
        var plan = RoutePlan.Make([Module(Entry("other", others)), Module(Entry("m", route), subRoute)], coming: [], leaving: []);

        Assert.Empty(plan.LeftOut);
        Assert.Equal($"m: /a{subRoute} by {subRoute}", Answer(plan, path));
    }

    [Fact]
    public void SubRoute_ThatTwoModulesDeclare_BelongsToTheFirst()
    {
        var first = Module(Entry("first", "/a/..."), "/b/x");
        var second = Module(Entry("second", "/a/b"), "/x", "/y");

        var plan = RoutePlan.Make([first, second], coming: [], leaving: []);

        Assert.Equal("first: /a/b/x by /b/x", Answer(plan, "/a/b/x"));
        Assert.Equal("second: /a/b/y by /y", Answer(plan, "/a/b/y"));
        Assert.Equal("second: /a/b by _start", Answer(plan, "/a/b"));
        Assert.Equal("sub-route '/a/b/x' is left out: it belongs to module 'first'", Assert.Single(plan.LeftOut["second"]).ToString());
    }

    [Fact]
    public void SubRoute_IsLeftOut_OnTheHostsThatAreTakenOnly()
    {
        var module = Module(Entry("m", "/a/...", "one.example", "two.example"), "/x");
        var other = Module(Entry("other", "/a/x", "two.example"));

        var plan = RoutePlan.Make([module, other], coming: [], leaving: []);

        Assert.Equal("m: /a/x by /x", Answer(plan, "/a/x", "one.example"));
        Assert.Equal("other: /a/x by _start", Answer(plan, "/a/x", "two.example"));
        Assert.Equal("two.example", Assert.Single(plan.LeftOut["m"]).Host?.ToString());
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
