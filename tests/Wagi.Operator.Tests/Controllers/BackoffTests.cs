using Wagi.Operator.Controllers;

namespace Wagi.Operator.Tests.Controllers;

public sealed class BackoffTests
{
    [Fact]
    public void Pauses_Double_UpToTheLongest_AndBeginAgainAfterASuccess()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), new Random(1));

        foreach (var step in new[] { 1.0, 2, 4, 8, 10, 10 }) Assert.InRange(backoff.Next().TotalSeconds, step / 2, step);
        for (var i = 0; i < 1000; i++) Assert.InRange(backoff.Next().TotalSeconds, 5, 10);
        backoff.Reset();
        Assert.InRange(backoff.Next().TotalSeconds, 0.5, 1);
    }
}
