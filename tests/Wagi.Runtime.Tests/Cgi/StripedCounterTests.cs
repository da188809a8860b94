using Wagi.Runtime.Cgi;

namespace Wagi.Runtime.Tests.Cgi;

public sealed class StripedCounterTests
{
    [Fact]
    public void EveryIncrement_OfEveryThread_IsCounted()
    {
        var counter = new StripedCounter();

        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                counter.Increment();
            }
        });

        Assert.Equal(80_000, counter.Value);
    }
}
