using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Worlds;
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

    /// <summary>What each request of an attacker computes before its first tick would keep others from every processor.</summary>
    [Fact]
    public void ModuleWhoseRunsCompute_WaitsForItsTurnBeforeItBegins()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 4 });
        using var guest = engine.Load(engine.Compile(Encoding.UTF8.GetBytes(
            Wat.Start("(call $write (i32.const 1) (i32.const 4096) (i32.const 5)) (loop $more (br $more))", "(data (i32.const 4096) \"begun\")"))));
        guest.Check(null);
        var held = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Run(engine.Turns, "held")).ToList();

        held.ForEach(turn => turn.Pass(TimeSpan.FromMilliseconds(1)));
        Assert.Equal("begun", Begins());
        held.ForEach(turn => turn.End());
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("begun", Begins());
        }

        held.ForEach(turn => turn.Pass(TimeSpan.FromMilliseconds(1)));
        Assert.Equal("", Begins());
        held.ForEach(turn => turn.End());
        Assert.Equal("begun", Begins());

        string Begins()
        {
            var output = new CapturedOutput(100);
            Assert.Equal(GuestOutcome.DeadlineExceeded, guest.Run(new GuestRun { Stdout = output, Timeout = TimeSpan.FromMilliseconds(100) }).Outcome);
            return Encoding.ASCII.GetString(output.Bytes);
        }
    }

    [Fact]
    public void ModuleWhoseRunsComputeNoMore_BeginsAtOnceAgain()
    {
        var time = new TypicalTime();
        for (var i = 0; i < 10; i++)
        {
            time.Computed(neededTurn: true);
        }

        Assert.True(time.IsComputing);

        for (var i = 0; i < 10; i++)
        {
            time.Computed(neededTurn: false);
        }

        Assert.False(time.IsComputing);

        // Every tenth one computes.
        for (var i = 0; i < 1000; i++)
        {
            time.Computed(neededTurn: i % 10 == 0);
            Assert.False(time.IsComputing);
        }
    }

    private sealed class Run(CpuTurns turns, string tenant)
    {
        private CpuTurn _turn;

        public GuestOutcome Pass() => Pass(Long, default);

        public GuestOutcome Pass(TimeSpan? left = null, CancellationToken aborted = default) => turns.Pass(ref _turn, tenant, left ?? Long, aborted);

        public void End() => turns.Release(ref _turn);
    }
}
