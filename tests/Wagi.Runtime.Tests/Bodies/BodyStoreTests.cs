using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Runtime.Bodies;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Bodies;

/// <summary>What is kept of bodies: where, and how much of it.</summary>
public sealed class BodyStoreTests : IDisposable
{
    private readonly TempDirectory _folder = new("bodies");

    private string Spool => _folder.PathOf("spool");

    public void Dispose() => _folder.Dispose();

    private BodyStore Store(long memory = 0, long disk = 0, long largest = 0) =>
        new(new BodyOptions { Memory = memory, Disk = disk, Largest = largest }, Spool, NullLogger.Instance);

    private static byte[] Read(BodyBuffer body)
    {
        var bytes = new byte[body.Length];
        var position = 0;
        while (body.Read(position, bytes.AsSpan(position, Math.Min(50_000, bytes.Length - position))) is var count and > 0)
        {
            position += count;
        }

        Assert.Equal(0, body.Read(position, new byte[1]));
        return bytes;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1L << 30)]
    public void Bytes_ComeBack_AsTheyWereAdded(long disk)
    {
        using var module = Store(memory: 64 << 20, disk).Of("a", "");
        using var body = new BodyBuffer(module);
        var all = RandomNumberGenerator.GetBytes(2_000_000);
        foreach (var piece in all.Chunk(70_001))
        {
            Assert.True(body.TryAppend(piece));
            Assert.Equal(all[..(int)body.Length], Read(body));
        }

        body.Clear();

        Assert.Equal((0, 0, 0), (body.Length, module.Memory.Taken, module.Disk.Taken));
        Assert.True(body.TryAppend([1, 2, 3]));
        Assert.Equal([1, 2, 3], Read(body));
    }

    /// <summary>A client that announces much and sends nothing gets nothing.</summary>
    [Fact]
    public void Memory_GrowsWithWhatHasArrived()
    {
        using var module = Store(memory: 64 << 20).Of("a", "");
        using var body = new BodyBuffer(module);

        Assert.True(body.TryAppend([1], expected: 32 << 20));
        Assert.Equal(16 << 10, module.Memory.Taken);
        using var small = new BodyBuffer(module);
        Assert.True(small.TryAppend([1], expected: 10));
        Assert.Equal((16 << 10) + 16, module.Memory.Taken);
    }

    [Fact]
    public void Module_HasAQuarter_AndTheModulesTogetherTheWhole()
    {
        var store = Store(disk: 4_000_000);
        using var a = store.Of("a", "");
        using var body = new BodyBuffer(a);
        Assert.True(body.TryAppend(new byte[1_000_000]));
        Assert.False(body.TryAppend([1]));
        Assert.Equal(1_000_000, body.Length);
        foreach (var id in new[] { "b", "c", "d" })
        {
            Assert.True(new BodyBuffer(store.Of(id, "")).TryAppend(new byte[1_000_000]));
        }

        Assert.False(new BodyBuffer(store.Of("e", "")).TryAppend([1]));
        body.Clear();
        Assert.True(new BodyBuffer(store.Of("e", "")).TryAppend([1]));
    }

    [Fact]
    public void Tenant_HasHalf_HoweverManyModulesItHas()
    {
        var store = Store(disk: 4_000_000);
        Assert.True(new BodyBuffer(store.Of("red/a", "red")).TryAppend(new byte[1_000_000]));
        using var b = store.Of("red/b", "red");
        using var body = new BodyBuffer(b);
        Assert.True(body.TryAppend(new byte[1_000_000]));

        Assert.False(new BodyBuffer(store.Of("red/c", "red")).TryAppend([1]));
        Assert.True(new BodyBuffer(store.Of("blue/a", "blue")).TryAppend(new byte[1_000_000]));
        body.Clear();
        Assert.True(new BodyBuffer(store.Of("red/d", "red")).TryAppend([1]));
    }

    [Fact]
    public void Tenant_HasHalfOfTheMemory_Too()
    {
        var store = Store(memory: 8 * BodyBuffer.Chunk);
        Assert.True(new BodyBuffer(store.Of("red/a", "red")).TryAppend(new byte[2 * BodyBuffer.Chunk]));
        Assert.True(new BodyBuffer(store.Of("red/b", "red")).TryAppend(new byte[2 * BodyBuffer.Chunk]));

        Assert.False(new BodyBuffer(store.Of("red/c", "red")).TryAppend([1]));
        Assert.True(new BodyBuffer(store.Of("blue/a", "blue")).TryAppend(new byte[2 * BodyBuffer.Chunk]));
    }

    /// <summary>Or a tenant that has one more deployed and deleted would have another half each time.</summary>
    [Fact]
    public void TenantOfWhichAModuleGoes_HasNoMore()
    {
        var store = Store(disk: 4_000_000);
        Assert.True(new BodyBuffer(store.Of("red/a", "red")).TryAppend(new byte[1_000_000]));
        Assert.True(new BodyBuffer(store.Of("red/b", "red")).TryAppend(new byte[1_000_000]));
        store.Of("red/c", "red").Dispose();

        Assert.False(new BodyBuffer(store.Of("red/d", "red")).TryAppend([1]));
    }

    [Fact]
    public void Module_CanKeepItsLargestBody_ThoughItBeMoreThanAQuarter()
    {
        using var module = Store(memory: 256 << 10, largest: 70_000).Of("a", "");
        using var body = new BodyBuffer(module);

        Assert.True(body.TryAppend(new byte[70_000]));
    }

    /// <summary>Or a module that is deployed again and again would have a share each time.</summary>
    [Fact]
    public void ModuleThatIsReplaced_HasOneShare()
    {
        var store = Store(disk: 4_000_000);
        var old = store.Of("a", "");
        using var body = new BodyBuffer(old);
        Assert.True(body.TryAppend(new byte[1_000_000]));
        using var replaced = store.Of("a", "");

        Assert.Same(old, replaced);
        Assert.False(new BodyBuffer(replaced).TryAppend([1]));
        old.Dispose();
        using var third = store.Of("a", "");
        Assert.Same(old, third);
    }

    [Fact]
    public void FilesOfAProcessThatDied_AreRemoved_AndThoseInUseGoOn()
    {
        using var module = Store(disk: 4_000_000).Of("a", "");
        using var body = new BodyBuffer(module);
        Assert.True(body.TryAppend(new byte[100_000]));
        _folder.Write("spool/left.tmp", "bytes");

        using var other = Store(disk: 4_000_000).Of("a", "");

        Assert.Empty(Directory.EnumerateFiles(Spool));
        Assert.True(body.TryAppend(new byte[100_000]));
        Assert.Equal(200_000, Read(body).Length);
    }
}
