using System.Globalization;
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
        using var guest = Endless(engine);
        var held = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Run(engine.Turns, "held")).ToList();

        Hold();
        Assert.Equal("begun", Begins());
        held.ForEach(turn => turn.End());

        // More than it takes: on a busy machine, some end before they have had a processor for two ticks.
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal("begun", Begins());
        }

        Hold();
        Assert.Equal("", Begins());
        held.ForEach(turn => turn.End());
        Assert.Equal("begun", Begins());

        // The last one is to be had when no guest has begun for a while.
        void Hold() => held.ForEach(turn => Assert.True(SpinWait.SpinUntil(
            () => turn.Pass(TimeSpan.FromMilliseconds(1)) == GuestOutcome.Completed, TimeSpan.FromSeconds(30))));

        string Begins()
        {
            var output = new CapturedOutput(100);
            Assert.Equal(GuestOutcome.DeadlineExceeded, guest.Run(new GuestRun { Stdout = output, Timeout = TimeSpan.FromMilliseconds(100) }).Outcome);
            return Encoding.ASCII.GetString(output.Bytes);
        }
    }

    /// <summary>Where a turn begins, the kernel decides: often on the processor on which a request is answered just then.</summary>
    [Fact]
    public async Task RunsThatTakeTurns_KeepOffTheFirstProcessor_AndTheirThreadsComeBack()
    {
        var everywhere = Processors("/proc/thread-self");
        Assert.SkipWhen(everywhere.Count < 2, "there is one processor");
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        using var guest = Endless(engine);
        using var stop = new CancellationTokenSource();
        var thread = new TaskCompletionSource<string>();
        var run = Task.Factory.StartNew(
            () =>
            {
                thread.SetResult(File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)!.FullName);
                Assert.Equal(
                    GuestOutcome.Cancelled,
                    guest.Run(new GuestRun { Timeout = TimeSpan.FromMinutes(5), Stdout = new UnreadOutput(stop.Token) }).Outcome);
                return Processors("/proc/thread-self");
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

        var path = await thread.Task;
        await Eventually.Becomes(() => Processors(path), processors => processors.SequenceEqual(everywhere.Skip(1)));
        await stop.CancelAsync();

        Assert.Equal(everywhere, await run);
    }

    private static Guest Endless(GuestEngine engine)
    {
        var guest = engine.Load(engine.Compile(Encoding.UTF8.GetBytes(
            Wat.Start("(call $write (i32.const 1) (i32.const 4096) (i32.const 5)) (loop $more (br $more))", "(data (i32.const 4096) \"begun\")"))));
        guest.Check(null);
        return guest;
    }

    /// <summary>Where the kernel may run a thread.</summary>
    private static List<int> Processors(string thread)
    {
        const string Label = "Cpus_allowed_list:";
        var line = File.ReadLines($"{thread}/status").Single(line => line.StartsWith(Label, StringComparison.Ordinal));
        return [.. line[Label.Length..].Split(',').SelectMany(part =>
        {
            var ends = part.Split('-').Select(end => int.Parse(end, CultureInfo.InvariantCulture)).ToList();
            return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
        })];
    }

    private sealed class Run(CpuTurns turns, string tenant)
    {
        private CpuTurn _turn;

        public GuestOutcome Pass() => Pass(Long, default);

        public GuestOutcome Pass(TimeSpan? left = null, CancellationToken aborted = default) => turns.Pass(ref _turn, tenant, left ?? Long, aborted);

        public void End() => turns.Release(ref _turn);
    }

    private sealed class UnreadOutput(CancellationToken aborted) : IGuestOutput
    {
        public CancellationToken Aborted => aborted;

        public bool Write(ReadOnlySpan<byte> bytes) => true;

        public bool Flush() => true;
    }
}
