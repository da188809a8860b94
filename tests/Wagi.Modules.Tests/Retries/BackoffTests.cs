using Wagi.Modules.Retries;

namespace Wagi.Modules.Tests.Retries;

public sealed class BackoffTests
{
    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), new Random(1));

    [Fact]
    public void Pauses_Double_UpToTheLongest_AndBeginAgainAfterASuccess()
    {
        foreach (var whole in new[] { 1.0, 2, 4, 8, 10, 10 })
        {
            Assert.InRange(_backoff.Next().TotalSeconds, whole / 2, whole);
        }

        Assert.Equal(6, _backoff.Failures);
        _backoff.Reset();
        Assert.InRange(_backoff.Next().TotalSeconds, 0.5, 1);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 4)]
    [InlineData(1000, 10)]
    [InlineData(int.MaxValue, 10)]
    public void Pause_FollowsFromTheNumberOfFailures(int failures, double whole) =>
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.InRange(_backoff.After(failures).TotalSeconds, whole / 2, whole));
}
