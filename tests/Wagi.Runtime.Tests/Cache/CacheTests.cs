using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Compiling;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Tests.Harness;
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

    private CompiledCache Compiled(GuestEngine engine) => new(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, NullLogger<CompiledCache>.Instance);

    private CacheTrimmer Trimmer(long maxBytes) => new(_directory, maxBytes, TimeProvider.System, NullLogger<CacheTrimmer>.Instance);

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
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var log = new CacheLog();
        var first = new CompiledCache(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, log);
        var second = new CompiledCache(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, log);
        var guests = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            (i % 2 == 0 ? first : second).GetAsync("", BlobCache.DigestOf(Wat), "module", _ => Task.FromResult(Wat), Cancellation)));
        Assert.Single(log.Lines, line => line.StartsWith("Compiled", StringComparison.Ordinal));
        Assert.Single(Files("*.cwasm"));
        Assert.All(guests, guest => guest.Dispose());
    }

    /// <summary>Many wait for a large module that is being compiled: waiting must cost nothing.</summary>
    [Fact]
    public async Task WaitingForAModule_OfTheSameProcess_ThrowsNothing()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var compiled = Compiled(engine);
        var digest = BlobCache.DigestOf(Wat);
        var wasm = new TaskCompletionSource<byte[]>();
        var thrown = 0;
        void Count(object? sender, System.Runtime.ExceptionServices.FirstChanceExceptionEventArgs exception)
        {
            if (exception.Exception is IOException && exception.Exception.Message.Contains(_temporary.FullPath, StringComparison.Ordinal))
            {
                Interlocked.Increment(ref thrown);
            }
        }

        AppDomain.CurrentDomain.FirstChanceException += Count;
        try
        {
            var first = compiled.GetAsync("", digest, "module", _ => wasm.Task, Cancellation);
            var second = compiled.GetAsync("", digest, "module", _ => wasm.Task, Cancellation);
            Assert.False(second.IsCompleted);
            wasm.SetResult(Wat);
            (await first).Dispose();
            (await second).Dispose();
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Count;
        }

        Assert.Equal(0, thrown);
    }

    [Fact]
    public async Task ModuleThatWaitsForItsPlaceAtTheCompiler_KeepsNoOtherProcessFromCompilingIt()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        using var log = new BlockingLog();
        var busy = new CompiledCache(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, log, compilers: 1);
        var another = Compiled(engine);
        var digests = Enumerable.Range(0, 5).Select(i => $"sha256:{i:x64}").ToArray();
        Task<Guest> Get(CompiledCache cache, string digest) =>
            Task.Run(() => cache.GetAsync("", digest, "module", _ => Task.FromResult(Wat), Cancellation));

        // The only place is taken for as long as the log takes to write that the first is compiled.
        var first = Get(busy, digests[0]);
        await log.Entered.Task.WaitAsync(Eventually.DefaultDeadline, Cancellation);
        var waiting = digests[1..].Select(digest => busy.GetAsync("", digest, "module", _ => Task.FromResult(Wat), Cancellation)).ToList();
        try
        {
            foreach (var digest in digests[1..])
            {
                (await Get(another, digest).WaitAsync(Eventually.DefaultDeadline, Cancellation)).Dispose();
            }
        }
        finally
        {
            log.Go.Set();
        }

        foreach (var guest in await Task.WhenAll([first, .. waiting]))
        {
            guest.Dispose();
        }
    }

    [Fact]
    public async Task SlowRegistry_TakesNoPlaceAtTheCompiler()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var compiled = new CompiledCache(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, NullLogger<CompiledCache>.Instance, compilers: 1);
        var never = new TaskCompletionSource<byte[]>();
        var slow = compiled.GetAsync("", $"sha256:{1:x64}", "slow", never.Task.WaitAsync, Cancellation);

        (await compiled.GetAsync("", $"sha256:{2:x64}", "quick", _ => Task.FromResult(Wat), Cancellation)).Dispose();

        Assert.False(slow.IsCompleted);
        never.SetException(new IOException("gone"));
        await Assert.ThrowsAsync<IOException>(() => slow);
    }

    /// <summary>Pods that start together on a node: whoever looks while another writes sees nothing, or all of it.</summary>
    [Fact]
    public async Task NativeCodeThatIsBeingWritten_IsNotTakenForDamaged()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var log = new CacheLog();
        var compiled = new CompiledCache(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, log);
        var digest = BlobCache.DigestOf(Wat);
        var compilations = 0;
        Task<Guest> Get() => Task.Run(() => compiled.GetAsync(
            "",
            digest,
            "module",
            _ =>
            {
                Interlocked.Increment(ref compilations);
                return Task.FromResult(Wat);
            },
            Cancellation));

        for (var round = 1; round <= 20; round++)
        {
            foreach (var file in Files("*")) File.Delete(file);
            var guests = new List<Task<Guest>> { Get() };
            while (!guests[0].IsCompleted && guests.Count < 300)
            {
                guests.Add(Get());
                // So that there is always one that looks just now.
                Thread.SpinWait(5_000);
            }

            foreach (var guest in await Task.WhenAll(guests)) guest.Dispose();
            Assert.Equal(round, compilations);
        }

        Assert.Empty(log.Warnings);
    }

    /// <summary>Damage to the code, to its checksum, and a file that was cut off.</summary>
    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(-0.5)]
    [InlineData(-1)]
    public async Task DamagedNativeCode_IsCompiledAgain(double where)
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var compiled = Compiled(engine);
        var digest = BlobCache.DigestOf(Wat);
        (await compiled.GetAsync("", digest, "module", _ => Task.FromResult(Wat), Cancellation)).Dispose();

        var file = Files("*.cwasm").Single();
        var bytes = await File.ReadAllBytesAsync(file, Cancellation);
        var at = (int)(Math.Abs(where) * (bytes.Length - 1));
        bytes[at] ^= 1;
        await File.WriteAllBytesAsync(file, where > 0 ? bytes : bytes[..at], Cancellation);

        var wasCompiled = false;
        (await compiled.GetAsync(
            "",
            digest,
            "module",
            _ =>
            {
                wasCompiled = true;
                return Task.FromResult(Wat);
            },
            Cancellation)).Dispose();
        Assert.True(wasCompiled);
        (await compiled.GetAsync("", digest, "module", _ => throw new InvalidOperationException("it is in the cache"), Cancellation)).Dispose();
    }

    [Fact]
    public async Task CodeOfAnotherEngine_IsNotLoaded()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var compiled = Compiled(engine);
        var digest = BlobCache.DigestOf(Wat);
        (await compiled.GetAsync("", digest, "module", _ => Task.FromResult(Wat), Cancellation)).Dispose();

        // Intact by its checksum, and no code that this engine could have made.
        var file = Files("*.cwasm").Single();
        byte[] foreign = [1, 2, 3];
        await File.WriteAllBytesAsync(file, [.. foreign, .. System.IO.Hashing.XxHash128.Hash(foreign)], Cancellation);
        (await compiled.GetAsync("", digest, "module", _ => Task.FromResult(Wat), Cancellation)).Dispose();
        Assert.True(new FileInfo(file).Length > foreign.Length + 16);
    }

    [Fact]
    public async Task FullDisk_CostsTheCache_NotTheModule()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var compiled = Compiled(engine);

        // A file where the folder of the native code should be: nothing can be written, as on a full disk.
        Directory.Delete(_directory.Compiled);
        await File.WriteAllTextAsync(_directory.Compiled, "", Cancellation);
        using var guest = await compiled.GetAsync("", BlobCache.DigestOf(Wat), "module", _ => Task.FromResult(Wat), Cancellation);
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

        Assert.Equal(2, Trimmer(maxBytes: 200).Trim());
        Assert.True(File.Exists(oldest));
        Assert.False(File.Exists(older));
        Assert.True(File.Exists(newest));
        Assert.False(File.Exists(dead));
        Assert.True(File.Exists(beingWritten));
    }

    /// <summary>A second process that finds no lock file would make another, and both would have the lock.</summary>
    [Fact]
    public async Task Trim_LeavesALockThatIsHeld()
    {
        var path = Path.Combine(_directory.Compiled, "a.lock");
        using var held = await FileLock.AcquireAsync(path, Cancellation);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-1));
        File.WriteAllBytes(Path.Combine(_directory.Blobs, "large"), new byte[100]);

        Trimmer(maxBytes: 0).Trim();

        Assert.True(File.Exists(path));
        Assert.Empty(Directory.GetFiles(_directory.Blobs));
    }

    /// <summary>The runtimes of a node trim one directory, and each finds files gone that it has just listed.</summary>
    [Fact]
    public async Task Trim_GoesOn_WhenFilesVanishUnderIt()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var others = Enumerable.Range(0, 3).Select(number => Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var folder = Directory.CreateDirectory(Path.Combine(_directory.Compiled, $"engine{number}")).FullName;
                for (var i = 0; i < 50; i++) File.WriteAllBytes(Path.Combine(folder, $"{i}"), [1]);
                Directory.Delete(folder, recursive: true);
            }
        })).ToList();
        try
        {
            for (var round = 0; round < 200; round++) Trimmer(maxBytes: 1_000_000).Trim();
        }
        finally
        {
            await stop.CancelAsync();
        }

        await Task.WhenAll(others);
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

    /// <summary>Keeps what is logged.</summary>
    private sealed class CacheLog : ILogger<CompiledCache>
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ConcurrentQueue<string> Warnings { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Lines.Enqueue(formatter(state, exception));
            if (logLevel >= LogLevel.Warning) Warnings.Enqueue(formatter(state, exception));
        }
    }

    /// <summary>Takes its time for the first message.</summary>
    private sealed class BlockingLog : ILogger<CompiledCache>, IDisposable
    {
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Go { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Entered.TrySetResult();
            Go.Wait();
        }

        public void Dispose() => Go.Dispose();
    }
}
