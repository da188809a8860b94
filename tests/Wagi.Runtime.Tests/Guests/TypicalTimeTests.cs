using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Tests.Guests;

public sealed class TypicalTimeTests
{
    private readonly TypicalTime _time = new();

    private void Run(int times, double microseconds)
    {
        for (var i = 0; i < times; i++)
        {
            _time.Add(TimeSpan.FromMicroseconds(microseconds), tookTurns: false);
        }
    }

    [Fact]
    public void ModuleOfWhichNothingIsKnown_IsNotShort()
    {
        Assert.False(_time.IsShort);
        Run(100, microseconds: 10);
        Assert.False(_time.IsShort);
    }

    [Fact]
    public void ShortRuns_AreBelievedWhenThereHaveBeenMany()
    {
        Run(1000, microseconds: 10);

        Assert.True(_time.IsShort);
    }

    [Fact]
    public void LongRun_AmongFewShortOnes_IsNotPassedOffAsShort()
    {
        Run(1000, microseconds: 10);
        for (var i = 0; i < 100; i++)
        {
            // As long as a guest may before it takes turns, so often that the mean is beyond what is short.
            Run(1, microseconds: 9_000);
            Run(127, microseconds: 10);
        }

        Assert.False(_time.IsShort);
    }

    [Fact]
    public void RunsThatAreInterruptedNowAndThen_StayShort()
    {
        Run(1000, microseconds: 10);
        var isShort = 0;
        for (var i = 0; i < 10; i++)
        {
            Run(1, microseconds: 3_000);
            for (var j = 0; j < 200; j++)
            {
                Run(1, microseconds: 10);
                isShort += _time.IsShort ? 1 : 0;
            }
        }

        Assert.InRange(isShort, 1_900, 2_000);
    }

    [Fact]
    public void RunThatWaitedForLong_IsForgottenSoon()
    {
        Run(1000, microseconds: 10);
        Run(1, microseconds: 30_000_000);
        Run(128, microseconds: 10);

        Assert.True(_time.IsShort);
    }

    [Fact]
    public void ModuleWhoseRunsTakeTurns_IsLong_AndShortOnesInBetweenDoNotMakeItSo()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.False(_time.IsLong && i < 8);
            _time.Add(TimeSpan.FromMilliseconds(20), tookTurns: true);
        }

        Assert.True(_time.IsLong);
        Run(10, microseconds: 10);
        Assert.False(_time.IsLong);
        for (var i = 0; i < 1000; i++)
        {
            _time.Add(TimeSpan.FromMilliseconds(20), tookTurns: i % 10 == 0);
            Assert.False(_time.IsLong);
        }
    }
}
