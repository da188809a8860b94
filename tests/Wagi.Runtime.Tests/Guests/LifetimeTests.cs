using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Tests.Guests;

public sealed class LifetimeTests
{
    [Fact]
    public void End_WithoutUsers_Releases()
    {
        var released = 0;
        var lifetime = new Lifetime(() => released++);

        lifetime.End();

        Assert.Equal(1, released);
        Assert.False(lifetime.TryEnter());
    }

    [Fact]
    public void End_WithUsers_ReleasesWhenTheLastHasLeft()
    {
        var released = 0;
        var lifetime = new Lifetime(() => released++);
        Assert.True(lifetime.TryEnter());
        Assert.True(lifetime.TryEnter());

        lifetime.End();
        Assert.Equal(0, released);
        lifetime.Exit();
        Assert.Equal(0, released);
        lifetime.Exit();

        Assert.Equal(1, released);
    }

    [Fact]
    public void EndTwice_TakesNobodyElsesPlace()
    {
        var released = 0;
        var lifetime = new Lifetime(() => released++);
        Assert.True(lifetime.TryEnter());

        lifetime.End();
        lifetime.End();
        Assert.Equal(0, released);
        lifetime.Exit();

        Assert.Equal(1, released);
    }
}
