using Wagi.Runtime.Guests;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Guests;

public sealed class CpuTurnsTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task LongRuns_ComputeInTurn_OneOfEachTenant_AndLeaveAProcessorToTheShort()
    {
        var turns = new CpuTurns(processors: 2, isQuiet: () => false);
        var first = new Run(turns, "a");
        Assert.Equal(GuestOutcome.Completed, first.Pass());
        var waiting = new List<Task>();
        var order = new List<string>();
        foreach (var tenant in new[] { "a", "a", "b" })
        {
            var run = new Run(turns, tenant);
            var before = turns.Waiting;
            waiting.Add(Task.Run(() =>
            {
                Assert.Equal(GuestOutcome.Completed, run.Pass());
                lock (order)
                {
                    order.Add(tenant);
                }

                run.End();
            }, TestContext.Current.CancellationToken));
            await Eventually.Becomes(() => turns.Waiting, count => count == before + 1);
        }

        first.End();
        await Task.WhenAll(waiting);

        Assert.Equal(["a", "b", "a"], order);
    }

    [Fact]
    public async Task RunWhoseSliceIsOver_GivesWay_ToWhomeverWaits()
    {
        var turns = new CpuTurns(processors: 2, isQuiet: () => false);
        var first = new Run(turns, "a");
        first.Pass();
        var second = new Run(turns, "b");
        var passing = Task.Run(second.Pass, TestContext.Current.CancellationToken);
        await Eventually.Becomes(() => turns.Waiting, count => count == 1);

        // As a guest that computes does: it passes again at each tick, and waits behind the other when its slice is over.
        var again = Task.Run(
            () =>
            {
                while (!passing.IsCompleted)
                {
                    first.Pass();
                }
            },
            TestContext.Current.CancellationToken);

        Assert.Equal(GuestOutcome.Completed, await passing);
        second.End();
        await again;
        first.End();
    }

    [Fact]
    public void WhileNothingShortIsAskedFor_AllProcessorsAreTheirs()
    {
        var isQuiet = true;
        var turns = new CpuTurns(processors: 2, () => isQuiet);
        var first = new Run(turns, "a");
        var second = new Run(turns, "a");
        Assert.Equal((GuestOutcome.Completed, GuestOutcome.Completed), (first.Pass(), second.Pass()));

        isQuiet = false;

        Assert.Equal(GuestOutcome.DeadlineExceeded, second.Pass(left: TimeSpan.FromMilliseconds(1)));
        Assert.Equal(GuestOutcome.Completed, first.Pass());
        first.End();
        Assert.Equal(GuestOutcome.Completed, second.Pass());
        second.End();
    }

    [Fact]
    public void OnOneProcessor_OneRunComputes()
    {
        var turns = new CpuTurns(processors: 1, isQuiet: () => true);
        var first = new Run(turns, "a");
        var second = new Run(turns, "b");

        Assert.Equal(GuestOutcome.Completed, first.Pass());
        Assert.Equal(GuestOutcome.DeadlineExceeded, second.Pass(left: TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public async Task RunThatNobodyWaitsFor_DoesNotWaitForItsTurn()
    {
        var turns = new CpuTurns(processors: 1, isQuiet: () => false);
        new Run(turns, "a").Pass();
        using var aborted = new CancellationTokenSource();
        var second = new Run(turns, "b");
        var passing = Task.Run(() => second.Pass(aborted: aborted.Token), TestContext.Current.CancellationToken);
        await Eventually.Becomes(() => turns.Waiting, count => count == 1);

        await aborted.CancelAsync();

        Assert.Equal(GuestOutcome.Cancelled, await passing);
        Assert.Equal(0, turns.Waiting);
    }

    private sealed class Run(CpuTurns turns, string tenant)
    {
        private CpuTurn _turn;

        public GuestOutcome Pass() => Pass(Long, default);

        public GuestOutcome Pass(TimeSpan? left = null, CancellationToken aborted = default) => turns.Pass(ref _turn, tenant, left ?? Long, aborted);

        public void End() => turns.Release(ref _turn);
    }
}
