using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Tests.Serving;

public sealed class ServerMemoryTests
{
    [Fact]
    public void BlocksAreLarge_UntilTheirBudgetIsUsed_AndAgainWhenSomeAreGivenBack()
    {
        var memory = new ServerMemory();
        using var pool = memory.Create();
        using var another = memory.Create();

        var large = Enumerable.Range(0, ServerMemory.Budget / ServerMemory.LargeBlock).Select(i => (i % 2 == 0 ? pool : another).Rent()).ToList();
        using var small = pool.Rent();
        using var asked = pool.Rent(100_000);

        Assert.All(large, block => Assert.Equal(ServerMemory.LargeBlock, block.Memory.Length));
        Assert.Equal(4096, small.Memory.Length);
        Assert.InRange(asked.Memory.Length, 100_000, 200_000);

        large[0].Dispose();
        large[0].Dispose();
        using var next = pool.Rent();
        using var afterwards = pool.Rent();
        Assert.Equal(ServerMemory.LargeBlock, next.Memory.Length);
        Assert.Equal(4096, afterwards.Memory.Length);
        large.ForEach(block => block.Dispose());
    }

    [Fact]
    public void BlockIsNotReadAfterItWasGivenBack()
    {
        using var pool = new ServerMemory().Create();
        var block = pool.Rent();
        block.Dispose();

        Assert.True(block.Memory.IsEmpty);
    }
}
