namespace Wagi.TestCluster.Tests;

public sealed class EventuallyTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Becomes_ReturnsTheFirstValue_ThatSatisfies()
    {
        var count = 0;

        Assert.Equal(3, await Eventually.Becomes(() => ++count, value => value >= 3, cancellationToken: Cancel));
    }

    [Fact]
    public async Task Becomes_ToleratesErrors_UntilTheValueIsThere()
    {
        var count = 0;

        var value = await Eventually.Becomes(
            () => ++count < 3 ? throw new IOException("not yet") : "there", value => value == "there", cancellationToken: Cancel);

        Assert.Equal("there", value);
    }

    [Fact]
    public async Task Becomes_SaysWhatItWaitedFor_AndWhatItSawLast()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(
            () => Eventually.Becomes(() => "starting", state => state == "ready", TimeSpan.FromMilliseconds(50), Cancel));

        Assert.Contains("state == \"ready\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("Last seen: starting", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Becomes_EndsAtTheDeadline_WhenTheProbeHangs()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(
            () => Eventually.Becomes(
                async token =>
                {
                    await Task.Delay(Timeout.Infinite, token);
                    return 0;
                },
                value => value == 1,
                TimeSpan.FromMilliseconds(50),
                Cancel));

        Assert.Contains("value == 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Passes_ShowsTheLastAssertion()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(
            () => Eventually.Passes(_ => Task.Run(() => Assert.Equal(1, 2), Cancel), TimeSpan.FromMilliseconds(50), Cancel));

        Assert.Contains("Assert.Equal() Failure", error.Message, StringComparison.Ordinal);
    }
}
