using Wagi.Runtime.Transport;

namespace Wagi.Runtime.Tests.Transport;

public sealed class SocketDirectionTests
{
    [Fact]
    public void Signal_LetsOneGoOnInPlaceOfTheOneThatWaits()
    {
        var direction = default(SocketDirection);
        Assert.True(direction.TryWait());

        Assert.True(direction.Signal());
        Assert.False(direction.Signal());
    }

    [Fact]
    public void SignalWhileSomebodyWorks_IsNotLost()
    {
        var direction = default(SocketDirection);

        Assert.False(direction.Signal());
        Assert.False(direction.Signal());

        Assert.False(direction.TryWait());
        Assert.True(direction.TryWait());
    }

    [Fact]
    public async Task OfManyThatSignal_OneGoesOnForEachWait()
    {
        var direction = new Shared();
        var (inside, most, rounds) = (0, 0, 0);
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(0.5));

        void Work()
        {
            do
            {
                most = Math.Max(most, Interlocked.Increment(ref inside));
                rounds++;
                Interlocked.Decrement(ref inside);
            }
            while (!direction.Value.TryWait());
        }

        Work();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                if (direction.Value.Signal())
                {
                    Work();
                }
            }
        })));

        Assert.Equal(1, most);
        Assert.True(rounds > 1000, $"{rounds} rounds");
    }

    private sealed class Shared
    {
        public SocketDirection Value;
    }
}
