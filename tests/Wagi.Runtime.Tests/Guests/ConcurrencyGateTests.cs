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
        var waiting = gate.EnterAsync(Long, Cancellation);
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
        var waiting = gate.EnterAsync(Long, Cancellation);
        Assert.True(gate.IsFull);

        Assert.False(await gate.EnterAsync(Long, Cancellation));

        Assert.Equal(1, gate.Waiting);
        gate.Leave();
        Assert.True(await waiting);
    }

    [Fact]
    public async Task Wait_EndsWithItsTime_AndGivesItsPlaceInTheQueueBack()
    {
        var gate = new ConcurrencyGate(concurrency: 1, queue: 1);
        Assert.True(gate.TryEnter());

        Assert.False(await gate.EnterAsync(TimeSpan.FromMilliseconds(1), Cancellation));

        Assert.Equal(0, gate.Waiting);
        Assert.False(gate.IsFull);
    }

    [Fact]
    public async Task CallerThatGoes_GivesItsPlaceInTheQueueBack()
    {
        var gate = new ConcurrencyGate(concurrency: 1, queue: 1);
        Assert.True(gate.TryEnter());
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var waiting = gate.EnterAsync(Long, leaving.Token);

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
        const int Callers = 200;
        var gate = new ConcurrencyGate(Places, Callers);
        var inside = 0;
        var most = 0;
        var entered = 0;
        await Parallel.ForAsync(0, Callers, new ParallelOptions { MaxDegreeOfParallelism = 20, CancellationToken = Cancellation }, async (_, token) =>
        {
            if (gate.TryEnter() || await gate.EnterAsync(Long, token))
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
