using Wagi.Kubernetes.Resources;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tests.Planning;

/// <summary>Plans for a moment in which nothing may be written.</summary>
public sealed class WaitingChangesTests
{
    private const string Module = $"registry.example/hello@{Scenario.Digest1}";

    private readonly Scenario _scenario = new();

    public WaitingChangesTests()
    {
        _scenario.With("edited", "/edited", Module, ns: "greedy").With("deleted", "/deleted", Module, ns: "greedy")
            .With("bad", "/bad", Module, ns: "greedy").With("kept", "/kept", Module, ns: "neighbour");
        _scenario.Plan();
        _scenario.Runtime("r").Plan();
    }

    [Fact]
    public void Plan_NamesTheNamespaces_WhoseEntriesChange()
    {
        Assert.Empty(Planner.Plan(_scenario.Input()).Changed);
        Assert.Equal(["greedy"], Planner.Plan(Edit().Input()).Changed);
        Assert.Equal(["greedy", "new"], Planner.Plan(Edit().With("new", "/new", Module, ns: "new").Input()).Changed);
    }

    [Fact]
    public void ChangesThatWait_LeaveTheFileAsItIs_AndAreReported()
    {
        var plan = Planner.Plan(Edit().With("new", "/new", Module, ns: "greedy").Input() with { WritesWait = true });

        Assert.Equal(_scenario.Toml, plan.Toml);
        Assert.Equal(["greedy"], plan.Changed);
        var edited = plan.Verdict("edited", "greedy");
        Assert.True(edited.Waits);
        Assert.Equal("/edited", edited.Entry!.Route.ToString());
        edited.Expect(ConditionType.Accepted, "True", ConditionReason.Accepted);
        Assert.EndsWith("the last good version goes on being served until then", edited.Expect(ConditionType.Programmed, "False", ConditionReason.WriteDelayed), StringComparison.Ordinal);
        edited.Expect(ConditionType.Ready, "False", ConditionReason.WriteDelayed);
        Assert.EndsWith("it is not served until then", plan.Verdict("new", "greedy").Expect(ConditionType.Programmed, "False", ConditionReason.WriteDelayed), StringComparison.Ordinal);
        plan.Verdict("bad", "greedy").Expect(ConditionType.Accepted, "False", ConditionReason.InvalidSpec);
    }

    [Fact]
    public void NeighbourOfChangesThatWait_IsReportedAsEver()
    {
        var plan = Planner.Plan(Edit().Runtime("r", status => status.Id == "neighbour/kept" ? status with { State = Wagi.Modules.Status.ModuleState.Failed, Reason = "CompileFailed" } : status)
            .Input() with
        { WritesWait = true });

        plan.Verdict("kept", "neighbour").Expect(ConditionType.Programmed, "True", ConditionReason.Programmed);
        plan.Verdict("kept", "neighbour").Expect(ConditionType.Ready, "False", "CompileFailed");
    }

    [Fact]
    public void ChangesThatWaited_AreWritten_Together()
    {
        _ = Planner.Plan(Edit().Input() with { WritesWait = true });

        var plan = _scenario.With("new", "/new", Module, ns: "new").Plan();

        Assert.Equal(["/bad", "/another", "/kept", "/new"], new[] { ("bad", "greedy"), ("edited", "greedy"), ("kept", "neighbour"), ("new", "new") }
            .Select(module => plan.Verdict(module.Item1, module.Item2).Entry!.Route.ToString()));
        Assert.DoesNotContain("/deleted", plan.Toml, StringComparison.Ordinal);
    }

    /// <summary>One module of the greedy namespace is changed, one deleted, one spoilt.</summary>
    private Scenario Edit()
    {
        _scenario.Modules.RemoveAll(module => module.Metadata.Name == "deleted");
        return _scenario.Edit("edited", spec => spec with { Route = "/another" }).Edit("bad", spec => spec with { Route = "no path" });
    }
}
