using System.Threading.Channels;
using Wagi.Runtime.Sharing;

namespace Wagi.Runtime.Tests.Sharing;

public sealed class TenantGateTests
{
    /// <summary>Who is in, in the order of getting in.</summary>
    private readonly Channel<(string Name, IDisposable Place)> _entered = Channel.CreateUnbounded<(string, IDisposable)>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task EnterAsync(TenantGate gate, string tenant, string name, long size = 0) =>
        _entered.Writer.TryWrite((name, await gate.EnterAsync(tenant, size, Cancellation)));

    /// <summary>Lets everybody through, one after the other, and tells in which order.</summary>
    private async Task<string> DrainAsync(params Task[] entering)
    {
        var order = new List<string>();
        while (order.Count < entering.Length)
        {
            var (name, place) = await _entered.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
            order.Add(name);
            place.Dispose();
        }

        return string.Join(' ', order);
    }

    [Fact]
    public async Task TenantsTakeTurns_HoweverManyOneBrings()
    {
        var gate = new TenantGate(places: 1, placesOfTenant: 1);

        Assert.Equal("a1 a2 b1 c1 a3 b2 a4", await DrainAsync(
            EnterAsync(gate, "a", "a1"), EnterAsync(gate, "a", "a2"), EnterAsync(gate, "a", "a3"), EnterAsync(gate, "a", "a4"),
            EnterAsync(gate, "b", "b1"), EnterAsync(gate, "b", "b2"), EnterAsync(gate, "c", "c1")));
    }

    [Fact]
    public async Task SmallOnesOfATenant_AreLetInBeforeItsLargeOnes()
    {
        var gate = new TenantGate(places: 1, placesOfTenant: 1);

        Assert.Equal("first small middle large", await DrainAsync(
            EnterAsync(gate, "a", "first", 5), EnterAsync(gate, "a", "large", 100), EnterAsync(gate, "a", "small", 1), EnterAsync(gate, "a", "middle", 10)));
    }

    [Fact]
    public async Task TenantWhoseOwnHang_LeavesPlacesToOthers()
    {
        var gate = new TenantGate(places: 4, placesOfTenant: 2);
        var hanging = Enumerable.Range(0, 10).Select(_ => gate.EnterAsync("hanging", 0, Cancellation)).ToList();

        Assert.Equal(2, hanging.Count(task => task.IsCompletedSuccessfully));
        for (var i = 0; i < 10; i++)
        {
            using var place = await gate.EnterAsync("other", 0, Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
        }
    }

    [Fact]
    public async Task AllPlaces_AreUsed_WhenTenantsLeaveThemFree()
    {
        var gate = new TenantGate(places: 3, placesOfTenant: 3);

        var inside = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => gate.EnterAsync("a", 0, Cancellation)));
        var waiting = gate.EnterAsync("a", 0, Cancellation);

        Assert.False(waiting.IsCompleted);
        inside[0].Dispose();
        inside[0].Dispose();
        using var place = await waiting;
        Assert.False(gate.EnterAsync("b", 0, Cancellation).IsCompleted);
    }

    [Fact]
    public async Task WhoGivesUp_TakesNoPlace()
    {
        var gate = new TenantGate(places: 1, placesOfTenant: 1);
        var first = await gate.EnterAsync("a", 0, Cancellation);
        using var leaving = new CancellationTokenSource();
        var gone = gate.EnterAsync("a", 0, leaving.Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        first.Dispose();

        using var next = await gate.EnterAsync("b", 0, Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }

    [Fact]
    public async Task WhatTakesPlacesBySize_IsBounded_ForAllAndForEachTenant()
    {
        var gate = new TenantGate(places: 100, placesOfTenant: 50);
        Task<IDisposable> Enter(string tenant, long size) => gate.EnterBySizeAsync(tenant, size, Cancellation);

        var (a40, b45) = (await Enter("a", 40), await Enter("b", 45));
        var a20 = Enter("a", 20);
        Assert.False(a20.IsCompleted, "a has 40 of its 50");
        var a10 = Enter("a", 10);
        Assert.True(a10.IsCompletedSuccessfully, "the small before the large");
        var c30 = Enter("c", 30);
        Assert.False(c30.IsCompleted, "there are 5 left of all");
        var d1 = Enter("d", 1);
        Assert.False(d1.IsCompleted, "it is c's turn");

        b45.Dispose();
        (await c30.WaitAsync(TimeSpan.FromSeconds(20), Cancellation)).Dispose();
        (await d1.WaitAsync(TimeSpan.FromSeconds(20), Cancellation)).Dispose();
        Assert.False(a20.IsCompleted);
        a40.Dispose();
        (await a20.WaitAsync(TimeSpan.FromSeconds(20), Cancellation)).Dispose();
    }

    [Fact]
    public async Task WhatIsLargerThanItsTenantsShare_IsLetIn_ByItself()
    {
        var gate = new TenantGate(places: 100, placesOfTenant: 50);

        var large = await gate.EnterBySizeAsync("a", 1000, Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation);

        var small = gate.EnterBySizeAsync("a", 1, Cancellation);
        Assert.False(small.IsCompleted);
        (await gate.EnterBySizeAsync("b", 1, Cancellation).WaitAsync(TimeSpan.FromSeconds(20), Cancellation)).Dispose();
        large.Dispose();
        await small.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
    }
}
