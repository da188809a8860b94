using Wagi.Modules.Status;
using Wagi.Operator.Tags;
using Wagi.Operator.Tests.Loops;

namespace Wagi.Operator.Tests.Tags;

public sealed class RegistryGateTests : IDisposable
{
    private static readonly ResolverOptions Options = new() { ParallelPerRegistry = 2, FailuresInARow = 3, QuickRetries = 4 };

    private readonly ManualTime _time = new();
    private readonly RegistryGate _gate;
    private readonly List<string> _told = [];

    public RegistryGateTests() => _gate = new RegistryGate(Options, _time);

    [Fact]
    public async Task NamespaceWithManyTags_LeavesEverySecondPlace_ToItsNeighbour()
    {
        var first = (await EnterAsync("greedy"), await EnterAsync("greedy"));
        var greedy = Enumerable.Range(0, 100).Select(_ => EnterAsync("greedy")).ToList();
        var neighbour = EnterAsync("neighbour");

        _gate.Leave(first.Item1, VisitOutcome.Answered);

        await neighbour;
        Assert.Equal(2, _gate.UnderWay);
        Assert.DoesNotContain(greedy, visit => visit.IsCompleted);
    }

    [Fact]
    public async Task RegistryThatFailed_IsTriedByOneQuestionAtATime_WithPauses_UntilItAnswers()
    {
        await ShutAsync();
        var waiting = Enumerable.Range(0, 10).Select(_ => EnterAsync("a")).ToList();
        Assert.Equal(10, _told.Count(reason => reason == ModuleReason.RegistryUnreachable));
        Assert.Equal(0, _gate.UnderWay);

        for (var tries = 1; tries <= 5; tries++)
        {
            _time.Advance(Options.LongestProbe);
            Assert.Equal(1, _gate.UnderWay);
            var probe = await Task.WhenAny(waiting);
            _gate.Leave(await probe, VisitOutcome.RegistryFailed, ModuleReason.RegistryUnreachable);
            waiting.Remove(probe);
            Assert.Equal(0, _gate.UnderWay);
        }

        _time.Advance(Options.LongestProbe);
        Assert.False(_gate.Leave(await await Task.WhenAny(waiting), VisitOutcome.Answered));

        Assert.Null(_gate.Trouble);
        Assert.Equal(Options.ParallelPerRegistry, _gate.UnderWay);
    }

    [Fact]
    public async Task TenantWhosePartOfARegistryFails_KeepsTheNeighbourWaiting_ForOneTryOfItsOwn()
    {
        await ShutAsync("failing");
        var failing = Enumerable.Range(0, 100).Select(_ => EnterAsync("failing")).ToList();
        var neighbour = EnterAsync("neighbour");

        _time.Advance(Options.FirstProbe);

        Assert.False(_gate.Leave(await neighbour, VisitOutcome.Answered));
        Assert.DoesNotContain(failing[2..], visit => visit.IsCompleted);
    }

    [Fact]
    public async Task RefusalsAndLimitedRates_AreNoFailuresOfTheRegistry()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.Null(_gate.Leave(await EnterAsync("a"), VisitOutcome.RegistryFailed, ModuleReason.PullFailed));
            Assert.Null(_gate.Leave(await EnterAsync("a"), VisitOutcome.Nothing));
            Assert.Null(_gate.Leave(await EnterAsync("a"), VisitOutcome.Answered));
        }

        Assert.Null(_gate.Trouble);
    }

    [Fact]
    public async Task QuestionThatIsGivenUp_WhileItWaits_TakesNoPlace()
    {
        var first = (await EnterAsync("a"), await EnterAsync("a"));
        using var given = new CancellationTokenSource();
        var waiting = _gate.EnterAsync(["a"], _told.Add, given.Token);
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        _gate.Leave(first.Item1, VisitOutcome.Answered);

        _ = EnterAsync("b");
        Assert.Equal(2, _gate.UnderWay);
    }

    [Fact]
    public void QuickRetries_AreANamespacesOwn_AndComeBackOneAnInterval()
    {
        Assert.Equal(4, Enumerable.Range(0, 10).Count(_ => _gate.TrySpendQuickRetry(["a"])));
        Assert.True(_gate.TrySpendQuickRetry(["b"]));

        _time.Advance(Options.Interval * 2.5);

        Assert.Equal(2, Enumerable.Range(0, 10).Count(_ => _gate.TrySpendQuickRetry(["a"])));
    }

    public void Dispose() => _gate.Dispose();

    private Task<Visit> EnterAsync(string name) => _gate.EnterAsync([name], _told.Add, TestContext.Current.CancellationToken);

    private async Task ShutAsync(string name = "a")
    {
        for (var i = 1; i <= Options.FailuresInARow; i++)
        {
            var shut = _gate.Leave(await EnterAsync(name), VisitOutcome.RegistryFailed, ModuleReason.RegistryUnreachable);
            Assert.Equal(i == Options.FailuresInARow ? true : null, shut);
        }
    }
}
