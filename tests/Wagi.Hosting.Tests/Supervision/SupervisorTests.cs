using Microsoft.Extensions.Time.Testing;
using Wagi.Hosting.Supervision;
using Xunit;

namespace Wagi.Hosting.Tests.Supervision;

public sealed class SupervisorTests
{
    private static readonly TimeSpan TenSeconds = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task Forever(LoopProgress progress, CancellationToken stopping) => Task.Delay(Timeout.Infinite, stopping);

    [Fact]
    public async Task LoopThatThrows_EndsTheOthersAndIsNamed()
    {
        var supervisor = new Supervisor(_time);
        var otherHasEnded = false;
        supervisor.Add("the quiet loop", TenSeconds, async (progress, stopping) =>
        {
            try
            {
                await Forever(progress, stopping);
            }
            finally
            {
                otherHasEnded = true;
            }
        });
        supervisor.Add("the broken loop", TenSeconds, async (_, _) =>
        {
            await Task.Yield();
            throw new InvalidOperationException("no such thing");
        });

        var thrown = await Assert.ThrowsAsync<LoopEndedException>(() => supervisor.RunAsync(Cancellation));

        Assert.Equal("the broken loop ended: no such thing", thrown.Message);
        Assert.IsType<InvalidOperationException>(thrown.InnerException);
        Assert.True(otherHasEnded);
    }

    [Fact]
    public async Task LoopThatThrowsBeforeItsFirstAwait_IsNamedAsWell()
    {
        var supervisor = new Supervisor(_time);
        supervisor.Add("the quiet loop", TenSeconds, Forever);
        supervisor.Add("the broken loop", TenSeconds, (_, _) => throw new InvalidOperationException("at once"));

        var thrown = await Assert.ThrowsAsync<LoopEndedException>(() => supervisor.RunAsync(Cancellation));

        Assert.Equal("the broken loop ended: at once", thrown.Message);
    }

    [Fact]
    public async Task LoopThatReturns_IsAFailureToo()
    {
        var supervisor = new Supervisor(_time);
        supervisor.Add("the quiet loop", TenSeconds, Forever);
        supervisor.Add("the short loop", TenSeconds, (_, _) => Task.CompletedTask);

        var thrown = await Assert.ThrowsAsync<LoopEndedException>(() => supervisor.RunAsync(Cancellation));

        Assert.Equal("the short loop ended", thrown.Message);
    }

    [Fact]
    public async Task CancellationThatNobodyAskedFor_IsAFailureToo()
    {
        var supervisor = new Supervisor(_time);
        supervisor.Add("the client", TenSeconds, (_, _) => throw new TaskCanceledException("the request timed out"));

        var thrown = await Assert.ThrowsAsync<LoopEndedException>(() => supervisor.RunAsync(Cancellation));

        Assert.Equal("the client ended: the request timed out", thrown.Message);
    }

    [Fact]
    public async Task Stopping_EndsAllLoopsWithoutAFailure()
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var supervisor = new Supervisor(_time);
        supervisor.Add("one", TenSeconds, Forever);
        supervisor.Add("other", TenSeconds, Forever);
        var running = supervisor.RunAsync(stopping.Token);

        await stopping.CancelAsync();

        await running;
    }

    [Fact]
    public async Task LoopWithoutProgress_IsNamedUntilItCompletesATurn()
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var supervisor = new Supervisor(_time);
        var progress = new TaskCompletionSource<LoopProgress>();
        supervisor.Add("the slow loop", TenSeconds, (own, ending) =>
        {
            progress.SetResult(own);
            return Forever(own, ending);
        });
        var running = supervisor.RunAsync(stopping.Token);
        var slow = await progress.Task;

        _time.Advance(TenSeconds);
        Assert.Null(supervisor.Stalled);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("the slow loop has made no progress for 11 s", supervisor.Stalled);
        slow.Completed();
        Assert.Null(supervisor.Stalled);

        await stopping.CancelAsync();
        await running;
    }
}
