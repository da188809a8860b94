using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Tests.Serving;

public sealed class ServerMemoryTests : IDisposable
{
    private const int All = ServerMemory.Budget / ServerMemory.LargeBlock;

    private readonly ServerMemory _memory = new(stripes: 1);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void BlocksAreLarge_UntilTheirBudgetIsUsed_AndAgainWhenSomeAreGivenBack()
    {
        using var pool = _memory.Create();
        using var another = _memory.Create();

        var large = Enumerable.Range(0, All).Select(i => (i % 2 == 0 ? pool : another).Rent()).ToList();
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
        large.Skip(1).ToList().ForEach(block => block.Dispose());
    }

    [Fact]
    public void ManyConnections_UseTheSameBlocksAgain()
    {
        using var pool = _memory.Create();
        var seen = new HashSet<Memory<byte>>();
        for (var round = 0; round < 10; round++)
        {
            var blocks = Enumerable.Range(0, 200).Select(_ => pool.Rent()).ToList();
            seen.UnionWith(blocks.Select(block => block.Memory));
            blocks.ForEach(block => block.Dispose());
        }

        Assert.Equal(200, seen.Count);
    }

    [Fact]
    public void BlocksThatNobodyNeeds_AreGivenUp_AndThoseThatAreUsedStay()
    {
        using var pool = _memory.Create();
        var blocks = Enumerable.Range(0, 100).Select(_ => pool.Rent()).ToList();
        blocks.ForEach(block => block.Dispose());
        _memory.Trim();
        Assert.Equal(100, _memory.Idle);

        // So many are needed at a time.
        blocks = [.. Enumerable.Range(0, 30).Select(_ => pool.Rent())];
        blocks.ForEach(block => block.Dispose());
        _memory.Trim();
        Assert.Equal(30, _memory.Idle);
        _memory.Trim();
        Assert.Equal(0, _memory.Idle);

        // What is gone makes room for others.
        blocks = [.. Enumerable.Range(0, All).Select(_ => pool.Rent())];
        Assert.All(blocks, block => Assert.Equal(ServerMemory.LargeBlock, block.Memory.Length));
    }
}
