using System.Net;
using System.Net.Sockets;
using Wagi.Modules.Network;

namespace Wagi.Modules.Tests.Network;

public sealed class NameResolverTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualResetEventSlim _answer = new();
    private readonly List<(string Host, bool OnPool)> _asked = [];
    private readonly NameResolver _names;

    public NameResolverTests() => _names = new NameResolver(host =>
    {
        lock (_asked)
        {
            _asked.Add((host, Thread.CurrentThread.IsThreadPoolThread));
        }

        _answer.Wait(Cancellation);
        return [IPAddress.Loopback];
    });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _answer.Set();
        _answer.Dispose();
    }

    private int Asked()
    {
        lock (_asked)
        {
            return _asked.Count;
        }
    }

    [Fact]
    public async Task NamesThatResolveSlowly_TakeNoThreadOfThePool()
    {
        var answers = Enumerable.Range(0, 30).Select(i => _names.ResolveAsync($"host-{i}", "module", Cancellation)).ToList();

        Assert.True(SpinWait.SpinUntil(() => Asked() == 30, Patience));
        Assert.DoesNotContain(_asked, asked => asked.OnPool);
        _answer.Set();
        Assert.All(await Task.WhenAll(answers), addresses => Assert.Equal([IPAddress.Loopback], addresses));
    }

    [Fact]
    public async Task NameThatManyAskFor_IsResolvedOnce()
    {
        var answers = Enumerable.Range(0, 30).Select(i => _names.ResolveAsync(i % 2 == 0 ? "host" : "HOST", $"m{i}", Cancellation)).ToList();
        Assert.True(SpinWait.SpinUntil(() => Asked() > 0, Patience));
        _answer.Set();
        await Task.WhenAll(answers);
        Assert.Equal(1, Asked());

        // What was known then need not be so now.
        await _names.ResolveAsync("host", "m", Cancellation);
        Assert.Equal(2, Asked());
    }

    [Fact]
    public async Task RequesterThatGivesUp_AgainAndAgain_IsRefused_AndNobodyElse()
    {
        for (var i = 0; i < NameResolver.MaxOfRequester; i++)
        {
            using var impatient = new CancellationTokenSource();
            var answer = _names.ResolveAsync($"host-{i}", "attacker", impatient.Token);
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        }

        await Assert.ThrowsAsync<SocketException>(() => _names.ResolveAsync("one-more", "attacker", Cancellation).WaitAsync(Patience, Cancellation));
        var neighbours = _names.ResolveAsync("other", "neighbour", Cancellation);
        var pull = _names.ResolveAsync("registry", requester: null, Cancellation);
        _answer.Set();
        Assert.Equal([IPAddress.Loopback], await neighbours);
        Assert.Equal([IPAddress.Loopback], await pull);
        Assert.True(SpinWait.SpinUntil(() => IsResolved("one-more"), Patience));

        bool IsResolved(string host)
        {
            try
            {
                return _names.ResolveAsync(host, "attacker", Cancellation).Wait(Patience, Cancellation);
            }
            catch (AggregateException exception) when (exception.InnerException is SocketException)
            {
                return false;
            }
        }
    }
}
