using System.Net;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.Supervision;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Reconciling;
using Wagi.Operator.Tests.Loops;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Reconciling;

/// <summary>Every turn begins and ends when the test says so, on a clock that stands still.</summary>
public sealed class ReconcileLoopTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly Channel<bool> _begun = Channel.CreateUnbounded<bool>();
    private readonly Channel<Func<TimeSpan?>> _ends = Channel.CreateUnbounded<Func<TimeSpan?>>();
    private readonly CancellationTokenSource _stop = new();
    private readonly LoopProgress _progress;
    private readonly ReconcileLoop _loop;
    private readonly Task _work;

    public ReconcileLoopTests()
    {
        _progress = new LoopProgress(_time);
        _loop = new ReconcileLoop(
            "Reconciliation",
            async cancellationToken =>
            {
                _begun.Writer.TryWrite(true);
                return (await _ends.Reader.ReadAsync(cancellationToken))();
            },
            (_, _) => { }, _time, NullLogger<ReconcileLoop>.Instance);
        _work = _loop.RunAsync(_progress, _stop.Token);
    }

    [Fact]
    public async Task FirstTurn_NeedsNoTrigger_AndNoneFollowsWithoutOne()
    {
        await TurnAsync();

        await IsAsleepAsync();
    }

    [Fact]
    public async Task ManyTriggers_MakeOneTurn()
    {
        await TurnAsync();
        await IsAsleepAsync();

        for (var i = 0; i < 100; i++)
        {
            _loop.Trigger();
        }

        await TurnAsync();
        await IsAsleepAsync();
    }

    [Fact]
    public async Task TriggersDuringATurn_MakeAnotherOne_AfterIt()
    {
        await BeginsAsync();
        _loop.Trigger();
        _loop.Trigger();
        Assert.False(_begun.Reader.TryRead(out _));
        Assert.True(_loop.IsTriggered);
        Succeed();

        await TurnAsync();
        Assert.False(_loop.IsTriggered);
        await IsAsleepAsync();
    }

    [Fact]
    public async Task FailedTurn_IsRepeated_AfterAPauseThatGrows_AndIsShortAgainAfterASuccess()
    {
        var pauses = new List<TimeSpan>();
        for (var i = 0; i < 12; i++)
        {
            pauses.Add(await FailAsync());
        }

        Assert.InRange(pauses[0].TotalSeconds, 0.1, 0.2);
        Assert.InRange(pauses[3].TotalSeconds, 0.8, 1.6);
        Assert.InRange(pauses[^1].TotalSeconds, 15, 30);
        await TurnAsync();
        await IsAsleepAsync();

        _loop.Trigger();
        Assert.InRange((await FailAsync()).TotalSeconds, 0.1, 0.2);
    }

    [Fact]
    public async Task Trigger_EndsThePauseAfterAFailure()
    {
        await BeginsAsync();
        Fail(new HttpRequestException("refused"));
        await IsAsleepAsync();

        _loop.Trigger();

        await TurnAsync();
    }

    [Fact]
    public async Task ServerThatWantsToBeLeftAlone_Is_WhateverIsTriggered()
    {
        await BeginsAsync();
        Fail(new ApiServerException(HttpStatusCode.TooManyRequests, "TooManyRequests", "too many requests", TimeSpan.FromSeconds(7)));
        _loop.Trigger();
        await Eventually.Becomes(_ => Task.FromResult(_time.Timers), timers => timers == 1);
        _time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.False(_begun.Reader.TryRead(out _));

        _time.Advance(TimeSpan.FromSeconds(0.1));

        await TurnAsync();
    }

    [Fact]
    public async Task TimeThatATurnWants_IsKept()
    {
        await TurnAsync(again: TimeSpan.FromSeconds(60));
        await IsAsleepAsync();

        _time.Advance(TimeSpan.FromSeconds(59.9));
        await IsAsleepAsync();
        _time.Advance(TimeSpan.FromSeconds(0.1));

        await TurnAsync();
    }

    [Fact]
    public async Task TimeThatATurnWants_IsKept_WhenALaterOneFails()
    {
        await TurnAsync(again: TimeSpan.FromSeconds(1));
        await IsAsleepAsync();
        _time.Advance(TimeSpan.FromSeconds(0.95));
        _loop.Trigger();
        await BeginsAsync();
        Fail(new InvalidOperationException("a mistake"));
        await IsAsleepAsync();

        // Half of the shortest pause after a failure.
        _time.Advance(TimeSpan.FromSeconds(0.05));

        await TurnAsync();
    }

    [Fact]
    public async Task WithoutNews_ThereIsATurnAtEachResync_WhichIsProgress()
    {
        await TurnAsync();
        await IsAsleepAsync();
        _time.Advance(ReconcileLoop.Resync - TimeSpan.FromSeconds(1));
        await IsAsleepAsync();

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(ReconcileLoop.Resync, _progress.Silence);
        await TurnAsync();
        await IsAsleepAsync();
        Assert.Equal(TimeSpan.Zero, _progress.Silence);
    }

    [Fact]
    public async Task BurstOfTurns_IsSlowedDown()
    {
        for (var i = 0; i < 10; i++)
        {
            _loop.Trigger();
            await TurnAsync();
        }

        _loop.Trigger();
        await IsAsleepAsync();
        _time.Advance(TimeSpan.FromSeconds(0.1));

        await TurnAsync();
    }

    [Fact]
    public async Task Cancellation_EndsTheTurnUnderWay_AndTheLoop()
    {
        await BeginsAsync();

        await _stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _work.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Cancellation_EndsTheLoop_BetweenTurns()
    {
        await TurnAsync();
        await IsAsleepAsync();

        await _stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _work.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task BeginsAsync() =>
        await _begun.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(10));

    private void Succeed(TimeSpan? again = null) => _ends.Writer.TryWrite(() => again);

    private void Fail(Exception exception) => _ends.Writer.TryWrite(() => throw exception);

    private async Task TurnAsync(TimeSpan? again = null)
    {
        await BeginsAsync();
        Succeed(again);
    }

    /// <summary>Waits until the loop waits for its clock; no turn has begun then.</summary>
    private async Task IsAsleepAsync()
    {
        await Eventually.Becomes(() => _time.Timers, timers => timers == 1);
        Assert.False(_begun.Reader.TryRead(out _), "a turn has begun");
    }

    /// <summary>Lets a turn fail, and returns after how long the next one begins.</summary>
    private async Task<TimeSpan> FailAsync()
    {
        await BeginsAsync();
        Fail(new HttpRequestException("refused"));
        await IsAsleepAsync();
        var step = TimeSpan.FromMilliseconds(10);
        for (var pause = step; ; pause += step)
        {
            _time.Advance(step);
            if (_time.Timers == 0)
            {
                return pause;
            }
        }
    }
}
