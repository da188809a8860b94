using Wagi.Kubernetes.Resources;
using Wagi.Modules.Status;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tests.Planning;

/// <summary><c>Ready</c> is what the runtimes report.</summary>
public sealed class ReadinessTests
{
    private const string LeftOut = "sub-route '/hello/x' is left out: it belongs to module 'other/x'";

    private readonly Scenario _scenario = new Scenario().With("hello", "/hello", $"registry.example/hello@{Scenario.Digest1}");

    public ReadinessTests() => _scenario.Plan();

    [Fact]
    public void NoRuntime_IsNotReady() =>
        Assert.Equal("there is no runtime; check the runtime's pods", Ready("False", ConditionReason.NoRuntimes).Message);

    [Fact]
    public void OneRuntimeThatFails_IsCounted_AndGivesItsReason()
    {
        _scenario.Runtime("a").Runtime("b").Runtime("c", Failed(ModuleReason.CompileFailed, "unknown opcode at offset 7"));

        Assert.Equal("1 of 3 runtimes: unknown opcode at offset 7", Ready("False", ModuleReason.CompileFailed).Message);
        Assert.Equal("2/3", _scenario.Plan().Verdict("hello").Status.Runtimes!.Summary);
    }

    [Theory]
    [InlineData(ModuleState.Ready, ModuleReason.Ready, false)]
    [InlineData(ModuleState.Loading, ModuleReason.Loading, true)]
    [InlineData(ModuleState.Loading, ModuleReason.SecretsPending, true)]
    [InlineData(ModuleState.Failed, ModuleReason.CompileFailed, false)]
    [InlineData(ModuleState.Failed, ModuleReason.RegistryUnreachable, false)]
    public void ModuleThatHasFailed_IsNotUnderWay_SoThatNoRuntimeIsAskedOften(ModuleState state, string reason, bool isUnderWay)
    {
        _scenario.Runtime("a", status => status with { State = state, Reason = reason });

        Assert.Equal(isUnderWay, _scenario.Plan().Verdict("hello").IsUnderWay);
    }

    [Fact]
    public void ModuleThatIsRefused_IsNotUnderWay()
    {
        _scenario.Runtime("a").Edit("hello", spec => spec with { Timeout = "never" });

        Assert.False(_scenario.Plan().Verdict("hello").IsUnderWay);
    }

    [Fact]
    public void SeveralReasons_TheWorstFirst()
    {
        _scenario
            .Runtime("a", status => status with { State = ModuleState.Loading, Reason = ModuleReason.Loading, Message = "" })
            .Runtime("b", Failed(ModuleReason.RegistryUnreachable, "connection refused"))
            .UnreachableRuntime("c", "timed out")
            .Runtime("d", status => status with { Revision = "old" });

        Assert.Equal(
            "1 of 4 runtimes: connection refused; 1 of 4 runtimes: Loading; " +
            "1 of 4 runtimes: Updating: modules.toml has not been read yet; 1 of 4 runtimes: RuntimeUnreachable: c does not answer: timed out",
            Ready("False", ModuleReason.RegistryUnreachable).Message);
    }

    [Theory]
    [InlineData(ModuleReason.DigestMismatch, true)]
    [InlineData(ModuleReason.SignatureInvalid, true)]
    [InlineData(ModuleReason.NotWasm, true)]
    [InlineData(ModuleReason.UnknownImport, true)]
    [InlineData(ModuleReason.CompileFailed, true)]
    [InlineData(ModuleReason.EntrypointMissing, true)]
    [InlineData(ModuleReason.RoutesFailed, true)]
    [InlineData(ModuleReason.RouteConflict, true)]
    [InlineData(ModuleReason.InvalidEntry, true)]
    [InlineData(ModuleReason.RegistryUnreachable, false)]
    [InlineData(ModuleReason.Unauthorized, false)]
    [InlineData(ModuleReason.NotFound, false)]
    [InlineData(ModuleReason.PullFailed, false)]
    [InlineData(ModuleReason.TooManyModules, false)]
    [InlineData(ModuleReason.UnknownRequirement, false)]
    public void ReasonOfARuntime_GoesThrough_AndStallsWhatCannotMendItself(string reason, bool stalled)
    {
        _scenario.Runtime("a", Failed(reason, "because"));

        Assert.Equal("every runtime: because", Ready("False", reason).Message);
        Assert.Equal(stalled, _scenario.Plan().Verdict("hello").Condition(ConditionType.Stalled) is not null);
    }

    [Theory]
    [InlineData(ModuleReason.Loading)]
    [InlineData(ModuleReason.SecretsPending)]
    public void Loading_IsNoTrouble(string reason)
    {
        _scenario.Runtime("a", status => status with { State = ModuleState.Loading, Reason = reason });

        var verdict = _scenario.Plan().Verdict("hello");

        verdict.Expect(ConditionType.Ready, "False", reason);
        Assert.Empty(verdict.Events);
    }

    [Fact]
    public void OtherRevision_IsNotReady()
    {
        _scenario.Runtime("a", status => status with { Revision = "old" });

        Ready("False", ConditionReason.Updating);
    }

    [Fact]
    public void RuntimeThatDoesNotListTheModule_HasNotReadTheFileYet()
    {
        _scenario.Runtime("a", _ => null);

        Ready("False", ConditionReason.Updating);
    }

    [Fact]
    public void RuntimeThatReadTheFileAndDoesNotListTheModule_DoesNotTakeIt()
    {
        _scenario.Runtime("a", _ => null);
        HasReadTheFile();

        Assert.Equal($"every runtime: a does not take the entry: modules.toml:{LineOfEntry()}:1: error: bad", Ready("False", ModuleReason.InvalidEntry).Message);
    }

    /// <summary>A runtime lists the problems of all entries, and one tenant's may quote what is no other's business.</summary>
    [Fact]
    public void ProblemsOfOtherEntries_AreNotTold()
    {
        _scenario.Runtime("a", _ => null);
        HasReadTheFile("modules.toml:999:1: error: other");

        Assert.Equal($"every runtime: a does not take the entry: modules.toml:{LineOfEntry()}:1: error: bad", Ready("False", ModuleReason.InvalidEntry).Message);
    }

    [Fact]
    public void RuntimeThatReadTheFileAndHasAnEarlierRevision_DoesNotTakeTheNewOne()
    {
        _scenario.Runtime("a", status => Failed(ModuleReason.InvalidEntry, "modules.toml:3:1: error: bad")(status)! with { Revision = "old" });
        HasReadTheFile();

        Assert.Equal("every runtime: a does not take the entry: modules.toml:3:1: error: bad", Ready("False", ModuleReason.InvalidEntry).Message);
    }

    private void HasReadTheFile(params string[] otherProblems)
    {
        var digest = "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(_scenario.Toml!)));
        var report = _scenario.Runtimes[0];
        _scenario.Runtimes[0] = report with
        {
            Status = report.Status! with { Configuration = report.Status.Configuration with { Digest = digest, Problems = [.. otherProblems, $"modules.toml:{LineOfEntry()}:1: error: bad"] } },
        };
    }

    private int LineOfEntry() => Array.FindIndex(_scenario.Toml!.Split('\n'), line => line.StartsWith("id = ", StringComparison.Ordinal)) + 1;

    [Fact]
    public void OnlyUnreachableRuntimesLacking_IsUnknown()
    {
        _scenario.Runtime("a").UnreachableRuntime("b", "timed out");

        Assert.Equal("1 of 2 runtimes: b does not answer: timed out", Ready("Unknown", ConditionReason.RuntimeUnreachable).Message);
    }

    [Fact]
    public void RuntimeThatIsStarting_IsNoReasonToDoubtAModule()
    {
        _scenario.Runtime("a");
        _scenario.Plan();

        _scenario.StartingRuntime("b", "connection refused").Runtime("c", Failed(ModuleReason.NotFound, "deleted"));
        _scenario.Runtimes[^1] = _scenario.Runtimes[^1] with { TakesRequests = false };
        var verdict = _scenario.Plan().Verdict("hello");

        verdict.Expect(ConditionType.Ready, "True", ConditionReason.Ready);
        Assert.Equal("all", verdict.Status.Runtimes!.Summary);
        Assert.False(verdict.StatusChanged);
        Assert.Empty(verdict.Events);
    }

    [Theory]
    [InlineData(ModuleState.Ready, ModuleReason.Ready, "", "all", "served by every runtime")]
    [InlineData(ModuleState.Ready, ModuleReason.Ready, LeftOut, "all", $"served by every runtime; {LeftOut}")]
    [InlineData(ModuleState.Failed, ModuleReason.CompileFailed, "unknown opcode", "none", "every runtime: unknown opcode")]
    public void RuntimeThatSaysTheSame_ChangesNothing(ModuleState state, string reason, string says, string summary, string message)
    {
        Func<ModuleStatus, ModuleStatus?> change = status => status with { State = state, Reason = reason, Message = says };
        _scenario.Runtime("a", change).Plan();

        var verdict = _scenario.Runtime("b", change).Runtime("c", change).Plan().Verdict("hello");

        Assert.False(verdict.StatusChanged);
        Assert.Equal(new RuntimeCount { Summary = summary }, verdict.Status.Runtimes);
        Assert.Equal(message, verdict.Condition(ConditionType.Ready)!.Message);
    }

    /// <summary>The owner of the other module is named as in a conflict of routes, by the operator as by a runtime.</summary>
    [Fact]
    public void SubRouteThatIsLeftOut_IsTold_AndIsNoTrouble()
    {
        _scenario.Runtime("a", status => status with { Message = LeftOut });

        var verdict = _scenario.Plan().Verdict("hello");

        Assert.Equal($"served by every runtime; {LeftOut}", verdict.Expect(ConditionType.Ready, "True", ConditionReason.Ready));
        Assert.Null(verdict.Condition(ConditionType.Stalled));
        Assert.False(verdict.IsUnderWay);
        Assert.All(verdict.Events, happened => Assert.Equal(PlanEvent.Normal, happened.Type));
    }

    /// <summary>One of the runtimes lacks the module that the sub-route belongs to, for instance, or its version says it in other words.</summary>
    [Fact]
    public void RuntimesThatLeaveOutOther_SubRoutes_AreAllHeard_WhicheverAnswersLast()
    {
        const string Other = "sub-route '/hello/a' is left out: it belongs to module 'other/a'";
        _scenario.Runtime("a", status => status with { Message = LeftOut }).Runtime("b", status => status with { Message = Other }).Runtime("c").Plan();

        var verdict = _scenario.Runtime("a", status => status with { Message = Other }).Runtime("b", status => status with { Message = LeftOut }).Runtime("d").Plan().Verdict("hello");

        Assert.False(verdict.StatusChanged);
        Assert.Equal($"served by every runtime; {Other}; {LeftOut}", verdict.Condition(ConditionType.Ready)!.Message);
    }

    [Fact]
    public void SubRoutesThatAreLeftOut_AreTold_WithinTheLengthOfAMessage()
    {
        _scenario.Runtime("a", status => status with { Message = new string('x', 5000) }).Runtime("b", status => status with { Message = LeftOut });

        var message = Ready("True", ConditionReason.Ready).Message;

        Assert.Contains(LeftOut, message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 0, 1024);
    }

    [Fact]
    public void OnlyStartingRuntimes_AreWaitedFor_WithoutAWarning()
    {
        _scenario.StartingRuntime("a", "connection refused");

        var verdict = _scenario.Plan().Verdict("hello");

        verdict.Expect(ConditionType.Ready, "False", ConditionReason.Updating);
        Assert.Equal("every runtime: a is starting: connection refused", verdict.Condition(ConditionType.Ready)!.Message);
        Assert.Empty(verdict.Events);
    }

    [Fact]
    public void OnlyStartingRuntimes_SayWhyTheyDoNotServe()
    {
        _scenario.Runtime("a", Failed(ModuleReason.RegistryUnreachable, "no route to host"));
        _scenario.Runtimes[0] = _scenario.Runtimes[0] with { TakesRequests = false, IsStarting = true };

        Assert.Equal("every runtime: no route to host", Ready("False", ModuleReason.RegistryUnreachable).Message);
    }

    /// <summary>The node is dead: none of its pods takes requests any more, and that is no start.</summary>
    [Fact]
    public void OnlyRuntimesThatTakeNoRequestsAnyMore_AreUnreachable()
    {
        _scenario.UnreachableRuntime("a", "timed out");
        _scenario.Runtimes[0] = _scenario.Runtimes[0] with { TakesRequests = false };

        Assert.Equal("every runtime: a does not answer: timed out", Ready("Unknown", ConditionReason.RuntimeUnreachable).Message);
        Assert.NotEmpty(_scenario.Runtime("a").Plan().Verdict("hello").Events);
    }

    [Fact]
    public void Routes_AreThoseThatEveryServingRuntimeHas()
    {
        _scenario
            .Runtime("a", status => status with { Routes = ["/hello", "/hello/admin"] })
            .Runtime("b", status => status with { Routes = ["/hello/admin", "/hello", "/hello/new"], Revision = "old" })
            .Runtime("c", status => status with { Routes = [], State = ModuleState.Loading, Reason = ModuleReason.Loading });

        Assert.Equal(["/hello", "/hello/admin"], _scenario.Plan().Verdict("hello").Status.Routes);
    }

    [Fact]
    public void BecomingReady_IsAnEvent_AndFailingIsAWarning()
    {
        _scenario.Runtime("a");
        Assert.Equal([new PlanEvent(PlanEvent.Normal, ConditionReason.Ready, "served by every runtime")], _scenario.Plan().Verdict("hello").Events);

        _scenario.Runtime("a", Failed(ModuleReason.PullFailed, "connection reset"));
        Assert.Equal([new PlanEvent(PlanEvent.Warning, ModuleReason.PullFailed, "every runtime: connection reset")], _scenario.Plan().Verdict("hello").Events);
        Assert.Empty(_scenario.Plan().Verdict("hello").Events);
    }

    private static Func<ModuleStatus, ModuleStatus?> Failed(string reason, string message) =>
        status => status with { State = ModuleState.Failed, Reason = reason, Message = message };

    private Condition Ready(string status, string reason)
    {
        var verdict = _scenario.Plan().Verdict("hello");
        verdict.Expect(ConditionType.Ready, status, reason);
        return verdict.Condition(ConditionType.Ready)!;
    }
}
