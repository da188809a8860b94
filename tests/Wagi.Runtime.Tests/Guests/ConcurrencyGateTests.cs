using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Tests.Guests;

public sealed class ConcurrencyGateTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CallerBeyondThePlaces_WaitsForOneToLeave()
    {
        var gate = new ConcurrencyGate(concurrency: 1, queue: 1);
        Assert.True(gate.TryEnter());
        Assert.False(gate.TryEnter());
        var waiting = gate.EnterAsync("a", Long, Cancellation);
        Assert.Equal((1, 1), (gate.Inside, gate.Waiting));
        Assert.False(waiting.IsCompleted);

        gate.Leave();

        Assert.True(await waiting);
        Assert.Equal((1, 0), (gate.Inside, gate.Waiting));
    }

    [Fact]
    public async Task CallerBeyondTheQueue_IsTurnedAwayAtOnce()
    {
        var gate = new ConcurrencyGate(concurrency: 1, queue: 1);
        Assert.True(gate.TryEnter());
        var waiting = gate.EnterAsync("a", Long, Cancellation);
        Assert.True(gate.IsFull);

        Assert.False(await gate.EnterAsync("a", Long, Cancellation));

        Assert.Equal(1, gate.Waiting);
        gate.Leave();
        Assert.True(await waiting);
    }

    [Fact]
    public async Task Wait_EndsWithItsTime_AndGivesItsPlaceInTheQueueBack()
    {
        var gate = new ConcurrencyGate(concurrency: 1, queue: 1);
        Assert.True(gate.TryEnter());

        Assert.False(await gate.EnterAsync("a", TimeSpan.FromMilliseconds(1), Cancellation));

        Assert.Equal(0, gate.Waiting);
        Assert.False(gate.IsFull);
    }

    [Fact]
    public async Task CallerThatGoes_GivesItsPlaceInTheQueueBack()
    {
        var gate = new ConcurrencyGate(concurrency: 1, queue: 1);
        Assert.True(gate.TryEnter());
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var waiting = gate.EnterAsync("a", Long, leaving.Token);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal((1, 0), (gate.Inside, gate.Waiting));
        gate.Leave();
        Assert.True(gate.TryEnter());
    }

    [Fact]
    public async Task Crowd_NeverExceedsThePlaces_AndAllThatQueuedGetIn()
    {
        const int Places = 3;
        const int Callers = 5000;
        var gate = new ConcurrencyGate(Places, Callers);
        var inside = 0;
        var most = 0;
        var entered = 0;
        await Parallel.ForAsync(0, Callers, new ParallelOptions { MaxDegreeOfParallelism = 20, CancellationToken = Cancellation }, async (caller, token) =>
        {
            if (gate.TryEnter() || await gate.EnterAsync(caller % 2 == 0 ? "even" : "odd", Long, token))
            {
                Interlocked.Increment(ref entered);
                InterlockedMax(ref most, Interlocked.Increment(ref inside));
                await Task.Yield();
                Interlocked.Decrement(ref inside);
                gate.Leave();
            }
        });

        Assert.Equal(Callers, entered);
        Assert.InRange(most, 1, Places);
        Assert.Equal((0, 0), (gate.Inside, gate.Waiting));
    }

    [Fact]
    public async Task NeighbourOfAThousandThatWait_IsInAfterOneRound()
    {
        var gate = new ConcurrencyGate(concurrency: 4, queue: int.MaxValue);
        Assert.All(Enumerable.Range(0, 4), _ => Assert.True(gate.TryEnter()));
        var greedy = Enumerable.Range(0, 1000).Select(_ => gate.EnterAsync("greedy", Long, Cancellation)).ToList();
        var neighbour = gate.EnterAsync("neighbour", Long, Cancellation);
        var other = gate.EnterAsync("other", Long, Cancellation);

        for (var i = 0; i < 3; i++)
        {
            gate.Leave();
        }

        Assert.True(await neighbour.WaitAsync(TimeSpan.FromSeconds(20), Cancellation));
        Assert.True(await other.WaitAsync(TimeSpan.FromSeconds(20), Cancellation));
        Assert.Equal(999, gate.Waiting);
        for (var i = 0; i < 999; i++)
        {
            gate.Leave();
        }

        Assert.All(await Task.WhenAll(greedy).WaitAsync(TimeSpan.FromSeconds(20), Cancellation), Assert.True);
    }

    [Fact]
    public async Task CallerThatHasJustCome_DoesNotOvertakeThoseWhoWait()
    {
        var gate = new ConcurrencyGate(concurrency: 1, queue: 10);
        Assert.True(gate.TryEnter());
        var first = gate.EnterAsync("a", Long, Cancellation);
        var second = gate.EnterAsync("a", Long, Cancellation);
        var third = gate.EnterAsync("b", Long, Cancellation);
        foreach (var next in (Task<bool>[])[first, third, second])
        {
            Assert.False(gate.TryEnter());
            gate.Leave();
            Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(20), Cancellation));
        }
    }

    [Fact]
    public async Task TenantThatGivesUp_LosesItsTurn()
    {
        var gate = new ConcurrencyGate(concurrency: 1, queue: 10);
        Assert.True(gate.TryEnter());
        Assert.False(await gate.EnterAsync("impatient", TimeSpan.FromMilliseconds(1), Cancellation));
        var next = gate.EnterAsync("b", Long, Cancellation);

        gate.Leave();

        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(20), Cancellation));
    }

    [Fact]
    public async Task CallerThatBlocks_GetsItsTurn()
    {
        var gate = new ConcurrencyGate(concurrency: 1, queue: 10);
        Assert.True(gate.TryEnter());
        var blocked = Task.Factory.StartNew(gate.Enter, Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (gate.Waiting == 0)
        {
            await Task.Yield();
        }

        gate.Leave();

        await blocked.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        Assert.Equal(1, gate.Inside);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        var seen = Volatile.Read(ref target);
        while (value > seen)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
