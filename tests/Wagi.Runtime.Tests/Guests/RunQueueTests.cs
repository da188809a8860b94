using Microsoft.Extensions.Time.Testing;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Tests.Guests;

public sealed class RunQueueTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Queue<IThreadPoolWorkItem> _pool = new();
    private readonly List<string> _order = [];
    private RunQueue _queue;

    public RunQueueTests() => _queue = Create(processors: 1);

    private RunQueue Create(int processors) => new(processors, _time, _pool.Enqueue);

    /// <summary>A request that is ready, and whose guest will take this long.</summary>
    private void Arrive(string tenant, TimeSpan duration, Action? meanwhile = null)
    {
        _ = RunAsync();

        async Task RunAsync()
        {
            await _queue.WaitAsync(tenant);
            _order.Add(tenant);
            _time.Advance(duration);
            meanwhile?.Invoke();
        }
    }

    private void Arrive(string tenant, double milliseconds = 1, int count = 1)
    {
        for (var i = 0; i < count; i++)
        {
            Arrive(tenant, TimeSpan.FromMilliseconds(milliseconds));
        }
    }

    /// <summary>A thread of the pool takes what is next, again and again.</summary>
    private void Work(int items = int.MaxValue)
    {
        while (items-- > 0 && _pool.TryDequeue(out var item))
        {
            item.Execute();
        }
    }

    [Fact]
    public void RequestOfANeighbour_IsNext_HoweverManyWaitOfAnother()
    {
        Arrive("attacker", count: 100);
        Work(items: 5);
        Arrive("neighbour");
        Work(items: 2);

        Assert.Contains("neighbour", _order);
        Work();
        Assert.Equal(101, _order.Count);
        Assert.Equal(0, _queue.Waiting);
    }

    [Fact]
    public void TenantsShareTime_NotTurns()
    {
        Arrive("slow", milliseconds: 4, count: 100);
        Arrive("quick", milliseconds: 1, count: 100);
        Work(items: 50);

        Assert.InRange(_order.Count(tenant => tenant == "quick"), 35, 45);
    }

    [Fact]
    public void GuestsThatRun_CountBeforeTheyEnd()
    {
        _queue = Create(processors: 200);
        var atOnce = false;
        for (var i = 0; i < 60; i++)
        {
            // On a thread of its own, as it were, the next begins before this one ends.
            Arrive("slow", TimeSpan.FromMilliseconds(4), () => Work(atOnce ? 1 : 0));
            Arrive("quick", TimeSpan.FromMilliseconds(1), () => Work(atOnce ? 1 : 0));
        }

        Work(items: 50);
        _order.Clear();
        atOnce = true;
        Work(items: 1);

        Assert.InRange(_order.Take(20).Count(tenant => tenant == "quick"), 13, 18);
    }

    [Fact]
    public void ShortRequestsOfANeighbour_HaveAProcessor_WhileAnotherKeepsAllWorkersBusy()
    {
        _queue = Create(processors: 2);
        Arrive("attacker", count: 100);
        Assert.Equal(2, _pool.Count);

        // Its own short ones change nothing.
        Work(items: 4);
        _queue.Pass("attacker");
        Work(items: 4);
        Assert.Equal(2, _pool.Count);

        _queue.Pass("neighbour");
        Work(items: 4);
        Assert.Single(_pool);

        // There have been none for a while: who waits gets every processor again.
        _time.Advance(TimeSpan.FromSeconds(1));
        Work(items: 4);
        Arrive("attacker");
        Assert.Equal(2, _pool.Count);
        Work();
        Assert.Equal(101, _order.Count);
    }

    [Fact]
    public void TenantThatComesBack_HasSavedUpNothing()
    {
        Arrive("idle");
        Work();
        Arrive("busy", count: 100);
        Work(items: 50);
        _order.Clear();

        Arrive("idle", count: 100);
        Work(items: 20);

        Assert.InRange(_order.Count(tenant => tenant == "idle"), 8, 12);
    }

    [Fact]
    public void GuestThatTakesItsTime_KeepsNobodyWaiting()
    {
        string[] begun = [];
        Arrive("sleeper", TimeSpan.Zero, meanwhile: () =>
        {
            // On the thread of the sleeper, which does not come back yet.
            new ThreadReserve(_queue).Keep();
            Work();
            begun = [.. _order];
        });
        Arrive("other");

        Work();
        Assert.Equal(["sleeper", "other"], begun);
    }

    [Fact]
    public void NoMoreWorkersThanProcessors_AreInThePool()
    {
        var queue = Create(processors: 3);
        for (var i = 0; i < 20; i++)
        {
            _ = queue.WaitAsync("a");
        }

        Assert.Equal(3, _pool.Count);
        _pool.Dequeue().Execute();
        Assert.Equal(3, _pool.Count);
        Work();
        Assert.Equal(0, queue.Waiting);
    }

    [Fact]
    public void ManyTenantsThatComeAndGo_AreForgotten()
    {
        Arrive("busy", count: 10_000);
        for (var i = 0; i < 5_000; i++)
        {
            Arrive($"tenant-{i}");
            Work(items: 2);
        }

        Assert.InRange(_queue.Tenants, 1, 1000);
        Work();
        Assert.Equal(0, _queue.Tenants);
    }

    [Fact]
    public void IsBusy_WhileThePoolLetsWorkWait_OrAnybodyWaitsHere()
    {
        _queue.Observe();
        Work();
        Assert.False(_queue.IsBusy);

        // The pool has not come to it when it is looked at again.
        _queue.Observe();
        _time.Advance(TimeSpan.FromMilliseconds(5));
        _queue.Observe();
        Assert.True(_queue.IsBusy);

        // Then it has; but a request waits here.
        Work();
        Arrive("a");
        _time.Advance(TimeSpan.FromSeconds(2));
        _queue.Observe();
        Assert.True(_queue.IsBusy);

        // Clients that wait for answers pause together: a moment in which nobody waits means nothing.
        Work();
        _queue.Observe();
        Work();
        Assert.True(_queue.IsBusy);
        _time.Advance(TimeSpan.FromSeconds(2));
        _queue.Observe();
        Work();
        Assert.False(_queue.IsBusy);
    }

    [Fact]
    public void IsBusy_WhenThePoolComesLate_ThoughNobodyLookedMeanwhile()
    {
        _queue.Observe();
        _time.Advance(TimeSpan.FromMilliseconds(5));
        Work();
        Assert.True(_queue.IsBusy);
    }

    /// <summary>A look would wake a thread of the pool every few milliseconds.</summary>
    [Fact]
    public void ThePool_IsLookedAt_WhileGuestsAreReadyOnIt()
    {
        var own = new Queue<IThreadPoolWorkItem>();
        _queue = new RunQueue(1, _time, own.Enqueue, _pool.Enqueue);
        _queue.Observe();
        Assert.Empty(_pool);
        Assert.Single(own);

        // This is a thread of the pool. It comes to what it was given, and is given no more.
        Assert.False(_queue.IsBusyHere());
        _queue.Observe();
        Work(items: 1);
        own.Dequeue().Execute();
        _queue.Observe();
        Assert.Empty(_pool);

        // It does not come to it, and is looked at though nothing else is ready.
        Assert.False(_queue.IsBusyHere());
        own.Dequeue().Execute();
        _queue.Observe();
        own.Dequeue().Execute();
        _time.Advance(TimeSpan.FromMilliseconds(5));
        _queue.Observe();
        Assert.True(_queue.IsBusyHere());
    }
}
