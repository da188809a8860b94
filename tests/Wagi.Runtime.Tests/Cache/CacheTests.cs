using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sandbox;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Cache;

public sealed class CacheTests : IDisposable
{
    private static readonly byte[] Wat = "(module (memory (export \"memory\") 1) (func (export \"_start\")))"u8.ToArray();

    private readonly TempDirectory _temporary = new("cache");
    private readonly CacheDirectory _directory;

    public CacheTests()
    {
        _directory = new CacheDirectory(_temporary.FullPath);
        _directory.Prepare();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private BlobCache Blobs => new(_directory, NullLogger<BlobCache>.Instance);

    private CompiledCache Compiled(SandboxEngine engine) => new(_directory, engine, ProgressDisplay.None, NullLogger<CompiledCache>.Instance);

    private string[] Files(string pattern) => Directory.GetFiles(_temporary.FullPath, pattern, SearchOption.AllDirectories);

    [Fact]
    public async Task Blob_IsReadBack_UnderItsDigest()
    {
        var digest = BlobCache.DigestOf(Wat);
        await Blobs.StoreAsync(digest, Wat, Cancellation);
        Assert.True(Blobs.Contains(digest));
        Assert.Equal(Wat, await Blobs.TryReadAsync(digest, Cancellation));
        Assert.Empty(Files("*.tmp"));
    }

    [Fact]
    public async Task DamagedBlob_IsNotGiven_AndRemoved()
    {
        var digest = BlobCache.DigestOf(Wat);
        await Blobs.StoreAsync(digest, Wat, Cancellation);
        await File.WriteAllBytesAsync(Directory.GetFiles(_directory.Blobs).Single(), Wat[..^1], Cancellation);
        Assert.Null(await Blobs.TryReadAsync(digest, Cancellation));
        Assert.False(Blobs.Contains(digest));
    }

    [Fact]
    public async Task NativeCode_IsCompiledOnce_ByManyAtOnce()
    {
        using var engine = new SandboxEngine(new SandboxOptions());
        using var first = Compiled(engine);
        using var second = Compiled(engine);
        var reads = 0;
        Task<byte[]> Read(CancellationToken token)
        {
            Interlocked.Increment(ref reads);
            return Task.FromResult(Wat);
        }

        var guests = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            (i % 2 == 0 ? first : second).GetAsync(BlobCache.DigestOf(Wat), "module", Read, Cancellation)));
        Assert.Equal(1, reads);
        Assert.Single(Files("*.cwasm"));
        Assert.All(guests, guest => guest.Dispose());
    }

    [Theory]
    [InlineData(".cwasm")]
    [InlineData(".xxh128")]
    public async Task DamagedNativeCode_IsCompiledAgain(string ending)
    {
        using var engine = new SandboxEngine(new SandboxOptions());
        using var compiled = Compiled(engine);
        var digest = BlobCache.DigestOf(Wat);
        (await compiled.GetAsync(digest, "module", _ => Task.FromResult(Wat), Cancellation)).Dispose();

        var file = Files("*" + ending).Single();
        var bytes = await File.ReadAllBytesAsync(file, Cancellation);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancellation);

        var wasCompiled = false;
        (await compiled.GetAsync(
            digest,
            "module",
            _ =>
            {
                wasCompiled = true;
                return Task.FromResult(Wat);
            },
            Cancellation)).Dispose();
        Assert.True(wasCompiled);
        (await compiled.GetAsync(digest, "module", _ => throw new InvalidOperationException("it is in the cache"), Cancellation)).Dispose();
    }

    [Fact]
    public async Task CodeOfAnotherEngine_IsNotLoaded()
    {
        using var engine = new SandboxEngine(new SandboxOptions());
        using var compiled = Compiled(engine);
        var digest = BlobCache.DigestOf(Wat);
        (await compiled.GetAsync(digest, "module", _ => Task.FromResult(Wat), Cancellation)).Dispose();

        // Intact by its checksum, and no code that this engine could have made.
        var file = Files("*.cwasm").Single();
        byte[] foreign = [1, 2, 3];
        await File.WriteAllBytesAsync(file, foreign, Cancellation);
        await File.WriteAllTextAsync(
            Files("*.xxh128").Single(), Convert.ToHexStringLower(System.IO.Hashing.XxHash128.Hash(foreign)), Cancellation);
        (await compiled.GetAsync(digest, "module", _ => Task.FromResult(Wat), Cancellation)).Dispose();
        Assert.True(new FileInfo(file).Length > foreign.Length);
    }

    [Fact]
    public async Task FullDisk_CostsTheCache_NotTheModule()
    {
        using var engine = new SandboxEngine(new SandboxOptions());
        using var compiled = Compiled(engine);

        // A file where the folder of the native code should be: nothing can be written, as on a full disk.
        await File.WriteAllTextAsync(Path.Combine(_directory.Compiled, engine.CompatibilityKey), "", Cancellation);
        using var guest = await compiled.GetAsync(BlobCache.DigestOf(Wat), "module", _ => Task.FromResult(Wat), Cancellation);
        Assert.True(guest.HasExport("_start"));
    }

    [Fact]
    public void Trim_RemovesTheLeastRecentlyUsed_AndWhatDeadProcessesLeft()
    {
        string Add(string name, int bytes, TimeSpan age)
        {
            var path = Path.Combine(_directory.Blobs, name);
            File.WriteAllBytes(path, new byte[bytes]);
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow - age);
            return path;
        }

        var oldest = Add("oldest", 100, TimeSpan.FromDays(3));
        var older = Add("older", 100, TimeSpan.FromDays(2));
        var newest = Add("newest", 100, TimeSpan.FromDays(1));
        var dead = Add("dead.tmp", 10, TimeSpan.FromDays(1));
        var beingWritten = Add("fresh.tmp", 1000, TimeSpan.Zero);
        CacheDirectory.Touch(oldest);

        Assert.Equal(2, _directory.Trim(maxBytes: 200));
        Assert.True(File.Exists(oldest));
        Assert.False(File.Exists(older));
        Assert.True(File.Exists(newest));
        Assert.False(File.Exists(dead));
        Assert.True(File.Exists(beingWritten));
    }

    [Fact]
    public async Task Lock_IsHeldByOne_AndPassedOn()
    {
        var path = Path.Combine(_temporary.FullPath, "a.lock");
        var first = await FileLock.AcquireAsync(path, Cancellation);
        var second = FileLock.AcquireAsync(path, Cancellation);
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
    }

    public void Dispose() => _temporary.Dispose();
}
