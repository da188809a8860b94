using Wagi.Kubernetes.Resources;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tests.Planning;

public sealed class RouteConflictTests
{
    [Theory]
    [InlineData("/a/:id", "the spec is valid and the module has its route; route '/a/:id' matches the segment ':id' and no other (end a route in '/...' for everything below it; the module finds the rest in PATH_INFO)")]
    [InlineData("/a/...", "the spec is valid and the module has its route")]
    public void RouteWithAVariableOfOthers_IsAccepted_WithAHint(string route, string message) =>
        Assert.Equal(message, new Scenario().With("a", route, Pinned).Plan().Verdict("a").Expect(ConditionType.Accepted, "True", ConditionReason.Accepted));

    [Fact]
    public void FileName_IsNoModule() => Assert.StartsWith(
        "spec.module: module 'hello.wasm' is the name of a file; ",
        new Scenario().With("a", "/a", "hello.wasm").Plan().Verdict("a").Expect(ConditionType.Accepted, "False", ConditionReason.InvalidSpec),
        StringComparison.Ordinal);

    [Fact]
    public void OlderModule_Wins_AndTheLoserIsToldByWhom()
    {
        var plan = new Scenario().With("a", "/x", Pinned, age: 1).With("b", "/x", Pinned, age: 2).Plan();

        Assert.NotNull(plan.Verdict("b").Entry);
        var loser = plan.Verdict("a");
        Assert.Null(loser.Entry);
        Assert.Equal(plan.Verdict("b").Key, loser.LostTo);
        Assert.Equal(
            "route '/x' belongs to WagiModule default/b, which comes first (by age, then by name); change the route, or limit one of the two to hosts",
            loser.Expect(ConditionType.Accepted, "False", ConditionReason.RouteConflict));
        loser.Expect(ConditionType.Ready, "False", ConditionReason.RouteConflict);
        loser.Expect(ConditionType.Stalled, "True", ConditionReason.RouteConflict);
        Assert.Equal("not looked at before the module is accepted", loser.Expect(ConditionType.Resolved, "Unknown", ConditionReason.NotAccepted));
        Assert.Equal("it is not served", loser.Expect(ConditionType.Programmed, "False", ConditionReason.NotAccepted));
    }

    [Fact]
    public void SameAge_TheFirstByNamespaceAndNameWins()
    {
        var plan = new Scenario().With("a", "/x", Pinned, ns: "two").With("z", "/x", Pinned, ns: "one").With("b", "/x", Pinned, ns: "two").Plan();

        Assert.NotNull(plan.Verdict("z", "one").Entry);
        Assert.Null(plan.Verdict("a", "two").Entry);
        Assert.Null(plan.Verdict("b", "two").Entry);
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("a.example", null, false)]
    [InlineData("a.example", "b.example", false)]
    [InlineData("a.example,b.example", "B.Example,c.example", true)]
    [InlineData("*.example", "a.example", false)]
    [InlineData("*.example", "*.example", true)]
    public void Hosts_ConflictOnlyWhereTheyMeet(string? older, string? younger, bool conflict)
    {
        var plan = new Scenario()
            .With(Scenario.Module("old", new WagiModuleSpec { Route = "/x", Module = Pinned, Hosts = older?.Split(',') }, age: 2))
            .With(Scenario.Module("young", new WagiModuleSpec { Route = "/x", Module = Pinned, Hosts = younger?.Split(',') }, age: 1))
            .Plan();

        Assert.Equal(conflict, plan.Verdict("young").Entry is null);
    }

    [Fact]
    public void ConflictOnAHost_NamesTheHost()
    {
        var plan = new Scenario()
            .With(Scenario.Module("old", new WagiModuleSpec { Route = "/x", Module = Pinned, Hosts = ["a.example"] }, age: 2))
            .With(Scenario.Module("young", new WagiModuleSpec { Route = "/x", Module = Pinned, Hosts = ["b.example", "a.example"] }, age: 1))
            .Plan();

        Assert.Equal(
            "route '/x' on host 'a.example' belongs to WagiModule default/old, which comes first (by age, then by name); change the route or the host",
            plan.Verdict("young").Condition(ConditionType.Accepted)!.Message);
    }

    [Fact]
    public void ExactAndPrefix_DoNotConflict()
    {
        var plan = new Scenario().With("a", "/x", Pinned).With("b", "/x/...", Pinned).Plan();

        Assert.All(plan.Verdicts, verdict => Assert.NotNull(verdict.Entry));
    }

    [Fact]
    public void Loser_HoldsNoneOfItsOtherHosts()
    {
        var plan = new Scenario()
            .With(Scenario.Module("old", new WagiModuleSpec { Route = "/x", Module = Pinned, Hosts = ["a.example"] }, age: 3))
            .With(Scenario.Module("middle", new WagiModuleSpec { Route = "/x", Module = Pinned, Hosts = ["a.example", "b.example"] }, age: 2))
            .With(Scenario.Module("young", new WagiModuleSpec { Route = "/x", Module = Pinned, Hosts = ["b.example"] }, age: 1))
            .Plan();

        Assert.Null(plan.Verdict("middle").Entry);
        Assert.NotNull(plan.Verdict("young").Entry);
    }

    [Fact]
    public void OlderModuleThatTakesTheRoute_IsServedAtOnce_AndTheYoungerIsRemoved()
    {
        var scenario = new Scenario().With("old", "/y", Pinned, age: 2).With("young", "/x", Pinned, age: 1);
        scenario.Plan();

        var plan = scenario.Edit("old", spec => spec with { Route = "/x" }).Plan();

        Assert.Equal("/x", plan.Verdict("old").Entry!.Route.ToString());
        Assert.Null(plan.Verdict("young").Entry);
        var warning = Assert.Single(plan.Verdict("young").Events);
        Assert.Equal((PlanEvent.Warning, ConditionReason.RouteConflict), (warning.Type, warning.Reason));
    }

    [Fact]
    public void WinnerGone_TheLoserGetsTheRoute()
    {
        var scenario = new Scenario().With("old", "/x", Pinned, age: 2).With("young", "/x", Pinned, age: 1);
        scenario.Plan();
        scenario.Modules.RemoveAll(module => module.Metadata.Name == "old");

        var verdict = scenario.Plan().Verdict("young");

        Assert.NotNull(verdict.Entry);
        verdict.Expect(ConditionType.Accepted, "True", ConditionReason.Accepted);
        Assert.Null(verdict.Condition(ConditionType.Stalled));
        Assert.Contains(verdict.Events, item => item.Reason == ConditionReason.Accepted);
    }

    private static string Pinned => $"registry.example/hello@{Scenario.Digest1}";
}
