using Wagi.Operator.Reconciling;
using Wagi.Operator.Tests.Loops;

namespace Wagi.Operator.Tests.Reconciling;

public sealed class WorkQueueTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly WorkQueue<string> _queue;

    public WorkQueueTests() => _queue = new WorkQueue<string>(_time);

    [Fact]
    public async Task KeyAddedManyTimes_IsTakenOnce()
    {
        for (var i = 0; i < 100; i++) _queue.Add("a");
        _queue.Add("b");

        Assert.Equal("a", await TakeAsync());
        Assert.Equal("b", await TakeAsync());
        Assert.False(await CanBeTakenAsync());
    }

    [Fact]
    public async Task KeyAddedDuringItsWork_IsTakenAgain_AfterTheWork()
    {
        _queue.Add("a");
        await TakeAsync();
        _queue.Add("a");
        _queue.Add("a");
        Assert.False(await CanBeTakenAsync());

        _queue.Done("a");

        Assert.Equal("a", await TakeAsync());
        _queue.Done("a");
        Assert.False(await CanBeTakenAsync());
    }

    [Fact]
    public async Task KeyAddedForLater_IsTakenThen_AndTheEarliestTimeCounts()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(10));
        _queue.AddAfter("a", TimeSpan.FromSeconds(5));
        _queue.AddAfter("a", TimeSpan.FromSeconds(20));

        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(await CanBeTakenAsync());
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal("a", await TakeAsync());
        _queue.Done("a");

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(await CanBeTakenAsync());
    }

    [Fact]
    public async Task EveryAdd_IsFollowedByWork_WhateverTheTiming()
    {
        var done = 0;
        var added = 0;
        using var stop = new CancellationTokenSource();
        var worker = Task.Run(async () =>
        {
            while (Volatile.Read(ref done) < 10_000)
            {
                var key = await _queue.TakeAsync(stop.Token);
                // What was added before the work is covered by the work.
                Volatile.Write(ref done, Volatile.Read(ref added));
                _queue.Done(key);
            }
        });

        for (var i = 0; i < 10_000; i++)
        {
            Interlocked.Increment(ref added);
            _queue.Add("a");
        }

        await worker.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    public void Dispose() => _queue.Dispose();

    private async Task<string> TakeAsync() => await _queue.TakeAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10));

    private async Task<bool> CanBeTakenAsync()
    {
        using var now = new CancellationTokenSource();
        var take = _queue.TakeAsync(now.Token);
        await now.CancelAsync();
        try
        {
            await take;
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
