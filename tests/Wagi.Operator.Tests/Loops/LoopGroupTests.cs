using Wagi.Hosting.Supervision;
using Wagi.Operator.Loops;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Loops;

public sealed class LoopGroupTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly LoopProgress _progress;
    private readonly LoopGroup _group;
    private readonly Task _work;

    public LoopGroupTests()
    {
        _progress = new LoopProgress(_time);
        _group = new LoopGroup(TimeSpan.FromMinutes(1), _time);
        _work = _group.RunAsync(_progress, _stop.Token);
    }

    [Fact]
    public async Task LoopThatFails_EndsTheGroup_WithItsNameAndReason()
    {
        using var stop = _group.Start("asking a", (_, _) => throw new ArithmeticException("a mistake"));

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => _work.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Equal("asking a ended: a mistake", exception.Message);
    }

    [Fact]
    public async Task LoopThatReturns_EndsTheGroup()
    {
        using var stop = _group.Start("asking a", (_, _) => Task.CompletedTask);

        await Assert.ThrowsAsync<InvalidOperationException>(() => _work.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task LoopThatIsStopped_EndsAlone()
    {
        var ended = new TaskCompletionSource();
        using var stop = _group.Start("asking a", async (_, cancellationToken) =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                ended.SetResult();
            }
        });

        await stop.CancelAsync();

        await ended.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.False(_work.IsCompleted);
    }

    [Fact]
    public async Task LoopThatHangs_KeepsTheGroupFromMakingProgress()
    {
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(_progress.Silence < TimeSpan.FromMinutes(1), "a group without loops has nothing to hang");

        using var stop = _group.Start("asking a", (_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken));
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.True(_progress.Silence > TimeSpan.FromMinutes(3));

        await stop.CancelAsync();
        await Eventually.Becomes(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(15));
                return _progress.Silence;
            },
            silence => silence < TimeSpan.FromMinutes(1));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
