using Wagi.Runtime.Transport;

namespace Wagi.Runtime.Tests.Transport;

public sealed class SpinningTests
{
    [Fact]
    public void Looks_AreTriedNowAndThen()
    {
        var spinning = new Spinning();

        Assert.Equal(10, Looks(spinning, waits: 320, hasFound: false));
    }

    [Fact]
    public void LooksThatFindSomething_AreRepeated()
    {
        var spinning = new Spinning();
        Looks(spinning, waits: 64, hasFound: true);

        Assert.Equal(100, Looks(spinning, waits: 100, hasFound: true));
    }

    [Fact]
    public void LooksThatFindNothing_Stop()
    {
        var spinning = new Spinning();
        Looks(spinning, waits: 100, hasFound: true);

        Assert.InRange(Looks(spinning, waits: 100, hasFound: false), 1, 12);
    }

    [Fact]
    public void OneThreadLooksAtATime()
    {
        var spinning = new Spinning();
        Looks(spinning, waits: 100, hasFound: true);

        Assert.True(spinning.TryBegin(out _));
        Assert.False(spinning.TryBegin(out _));
        spinning.End(hasFound: true);
        Assert.True(spinning.TryBegin(out _));
    }

    private static int Looks(Spinning spinning, int waits, bool hasFound)
    {
        var looks = 0;
        for (var i = 0; i < waits; i++)
        {
            if (spinning.TryBegin(out _))
            {
                looks++;
                spinning.End(hasFound);
            }
        }

        return looks;
    }
}
