using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Wagi.Hosting.Supervision;
using Wagi.Modules.Configuration;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Compiling;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Worlds;
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

    private CompiledCache Compiled(GuestEngine engine) => new(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, NullLogger<CompiledCache>.Instance, compilers: 1);

    private CacheTrimmer Trimmer(long maxBytes) => new(_directory, maxBytes, TimeProvider.System, NullLogger<CacheTrimmer>.Instance);

    private string[] Files(string pattern) => Directory.GetFiles(_temporary.FullPath, pattern, SearchOption.AllDirectories);

    private static Task<Stream> OpenAsync(byte[] bytes) => Task.FromResult<Stream>(new MemoryStream(bytes));

    private static Task<(string Digest, Stream Bytes)> ReceiveAsync(BlobCache blobs, byte[] bytes, string tenant = "") => blobs.ReceiveAsync(
        tenant,
        bytes.Length,
        async (target, token) =>
        {
            // In pieces, as from a network.
            foreach (var piece in bytes.Chunk(10_000))
            {
                await target.WriteAsync(piece, token);
            }

            return BlobCache.DigestOf(bytes);
        },
        Cancellation);

    private static async Task<byte[]> ReadAsync(Stream? stream)
    {
        Assert.NotNull(stream);
        await using var open = stream;
        var bytes = new byte[open.Length];
        await open.ReadExactlyAsync(bytes, Cancellation);
        Assert.Equal(0, await open.ReadAsync(new byte[1], Cancellation));
        return bytes;
    }

    [Fact]
    public async Task Blob_IsReadBack_UnderItsDigest_AlsoWhileTheCacheRemovesIt()
    {
        var (digest, arrived) = await ReceiveAsync(Blobs, Wat);
        Assert.True(Blobs.Contains(digest));
        var opened = await Blobs.TryOpenAsync(digest, Cancellation);
        Assert.Empty(Files("*.tmp"));

        File.Delete(Directory.GetFiles(_directory.Blobs).Single());

        Assert.Equal(Wat, await ReadAsync(arrived));
        Assert.Equal(Wat, await ReadAsync(opened));
        Assert.Empty(Directory.GetFiles(_directory.Blobs));
    }

    [Fact]
    public async Task BlobThatDoesNotArrive_LeavesNothing()
    {
        await Assert.ThrowsAsync<InvalidDataException>(() => Blobs.ReceiveAsync(
            "",
            Wat.Length,
            async (target, token) =>
            {
                await target.WriteAsync(Wat, token);
                throw new InvalidDataException("cut off");
            },
            Cancellation));

        Assert.Empty(Directory.GetFiles(_directory.Blobs));
    }

    [Fact]
    public async Task DamagedBlob_IsNotGiven_AndRemoved()
    {
        var (digest, arrived) = await ReceiveAsync(Blobs, Wat);
        await arrived.DisposeAsync();
        await File.WriteAllBytesAsync(Directory.GetFiles(_directory.Blobs).Single(), Wat[..^1], Cancellation);
        Assert.Null(await Blobs.TryOpenAsync(digest, Cancellation));
        Assert.False(Blobs.Contains(digest));
    }

    /// <summary>The size of the cache counts what is there; what is on its way is counted by itself.</summary>
    [Fact]
    public async Task BlobsOnTheirWay_AreBounded_AndNoTenantHasAllTheRoom()
    {
        var blobs = new BlobCache(_directory, NullLogger<BlobCache>.Instance, arriving: 4 * Wat.Length);
        var go = new TaskCompletionSource();
        Task<(string Digest, Stream Bytes)> Receive(string tenant, TaskCompletionSource begun) => blobs.ReceiveAsync(
            tenant,
            Wat.Length,
            async (target, token) =>
            {
                begun.SetResult();
                await go.Task.WaitAsync(token);
                await target.WriteAsync(Wat, token);
                return BlobCache.DigestOf(Wat);
            },
            Cancellation);

        TaskCompletionSource[] begun = [.. Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource())];
        var first = Receive("slow", begun[0]);
        var second = Receive("slow", begun[1]);
        var other = Receive("other", begun[2]);
        await begun[0].Task;
        await begun[2].Task;
        Assert.False(begun[1].Task.IsCompleted);

        go.SetResult();
        foreach (var (_, bytes) in await Task.WhenAll(first, second, other))
        {
            Assert.Equal(Wat, await ReadAsync(bytes));
        }
    }

    [Fact]
    public async Task BlobThatIsLargerThanAnnounced_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<ArrivalException>(() => Blobs.ReceiveAsync(
            "a",
            Wat.Length - 1,
            async (target, token) =>
            {
                await target.WriteAsync(Wat, token);
                return BlobCache.DigestOf(Wat);
            },
            Cancellation));

        Assert.Equal($"it is larger than the {Wat.Length - 1} bytes that were announced", refused.Message);
        Assert.Empty(Directory.GetFiles(_directory.Blobs));
    }

    [Fact]
    public async Task BlobThatTrickles_GivesUpItsRoom_AfterTenMinutes()
    {
        var time = new FakeTimeProvider();
        var blobs = new BlobCache(_directory, NullLogger<BlobCache>.Instance, arriving: 4, time);
        var trickling = blobs.ReceiveAsync(
            "a",
            1,
            async (_, token) =>
            {
                await Task.Delay(Timeout.Infinite, token);
                return "";
            },
            Cancellation);
        var next = ReceiveAsync(blobs, Wat, "a");

        time.Advance(BlobCache.Patience - TimeSpan.FromSeconds(1));
        Assert.False(trickling.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        var refused = await Assert.ThrowsAsync<ArrivalException>(() => trickling);
        Assert.Equal("it has not arrived within 10 minutes", refused.Message);
        await (await next).Bytes.DisposeAsync();
    }

    /// <summary>A file where the folder of the blobs should be: nothing can be written, as on a full disk.</summary>
    [Fact]
    public async Task FullDisk_CostsTheBlob_NotTheModule_AndOnlySoMuchMemory()
    {
        Directory.Delete(_directory.Blobs);
        await File.WriteAllTextAsync(_directory.Blobs, "", Cancellation);
        var blobs = Blobs;
        var large = new byte[40 << 20];

        var (digest, arrived) = await ReceiveAsync(blobs, large);
        Assert.False(blobs.Contains(digest));
        var refused = await Assert.ThrowsAsync<ArrivalException>(() => ReceiveAsync(blobs, large));
        Assert.EndsWith("and there is no memory for it at present", refused.Message, StringComparison.Ordinal);

        Assert.Equal(large, await ReadAsync(arrived));
        Assert.Equal(large, await ReadAsync((await ReceiveAsync(blobs, large)).Bytes));
    }

    [Fact]
    public async Task DiskThatIsFullInTheMiddleOfABlob_CostsTheBlob_NotTheModule()
    {
        var bytes = new byte[100_000];
        Random.Shared.NextBytes(bytes);
        var memory = new ByteBudget(bytes.Length);
        await using (var arriving = new ArrivingBlob(_temporary.PathOf("pull.tmp"), path => new FullDisk(path, room: 45_000), memory, bytes.Length))
        {
            foreach (var piece in bytes.Chunk(10_000))
            {
                await arriving.WriteAsync(piece, Cancellation);
            }

            Assert.Equal("No space left on device", arriving.DiskError);
            Assert.Equal(bytes.Length, memory.Taken);
            arriving.Position = 0;
            Assert.Equal(bytes, await ReadAsync(arriving));
        }

        Assert.Equal(0, memory.Taken);
        Assert.Empty(Files("*.tmp"));
    }

    /// <summary>What waits may be many times what the process has.</summary>
    [Fact]
    public async Task ModuleThatWaitsForItsPlaceAtTheCompiler_IsNotInMemoryYet()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        using var log = new BlockingLog();
        var busy = new CompiledCache(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, log, compilers: 1);
        var first = Task.Run(() => busy.GetAsync("", $"sha256:{1:x64}", "first", Preinitialization.None, _ => OpenAsync(Wat), Cancellation));
        await log.Entered.Task.WaitAsync(Eventually.DefaultDeadline, Cancellation);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        using var content = new WatchedStream(Wat);

        // It gives up as soon as it has its bytes.
        var waiting = busy.GetAsync(
            "",
            $"sha256:{2:x64}",
            "waiting",
            Preinitialization.None,
            async _ =>
            {
                await leaving.CancelAsync();
                return content;
            },
            leaving.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.False(content.WasRead);
        Assert.False(content.CanRead, "it is closed");
        log.Go.Set();
        (await first).Dispose();
    }

    [Fact]
    public async Task NativeCode_IsCompiledOnce_ByManyAtOnce()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var log = new CacheLog();
        var first = new CompiledCache(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, log, compilers: 1);
        var second = new CompiledCache(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, log, compilers: 1);
        var guests = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            (i % 2 == 0 ? first : second).GetAsync("", BlobCache.DigestOf(Wat), "module", Preinitialization.None, _ => OpenAsync(Wat), Cancellation)));
        Assert.Single(log.Lines, line => line.StartsWith("Compiled", StringComparison.Ordinal));
        Assert.Single(Files("*.cwasm"));
        Assert.All(guests, guest => guest.Dispose());
    }

    /// <summary>Whoever pulls without end fills the disk long before the next look that is due.</summary>
    [Fact]
    public async Task CacheThatGrowsFast_IsTrimmedAtOnce()
    {
        const int Max = 200_000;
        var time = new FakeTimeProvider();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var progress = new LoopProgress(time);
        var trimming = new CacheTrimmer(_directory, Max, time, NullLogger<CacheTrimmer>.Instance).RunAsync(progress, stopping.Token);
        for (var i = 0; i < 50; i++)
        {
            var bytes = new byte[10_000];
            Random.Shared.NextBytes(bytes);
            await (await ReceiveAsync(Blobs, bytes)).Bytes.DisposeAsync();
        }

        time.Advance(CacheTrimmer.Pause);

        await Eventually.Becomes(() => Directory.GetFiles(_directory.Blobs).Length, files => files <= Max / 10_000, cancellationToken: Cancellation);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trimming);
    }

    /// <summary>Many wait for a large module that is being compiled: waiting must cost nothing.</summary>
    [Fact]
    public async Task WaitingForAModule_OfTheSameProcess_ThrowsNothing()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var compiled = Compiled(engine);
        var digest = BlobCache.DigestOf(Wat);
        var wasm = new TaskCompletionSource<Stream>();
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
            var first = compiled.GetAsync("", digest, "module", Preinitialization.None, _ => wasm.Task, Cancellation);
            var second = compiled.GetAsync("", digest, "module", Preinitialization.None, _ => wasm.Task, Cancellation);
            Assert.False(second.IsCompleted);
            wasm.SetResult(new MemoryStream(Wat));
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
            Task.Run(() => cache.GetAsync("", digest, "module", Preinitialization.None, _ => OpenAsync(Wat), Cancellation));

        // The only place is taken for as long as the log takes to write that the first is compiled.
        var first = Get(busy, digests[0]);
        await log.Entered.Task.WaitAsync(Eventually.DefaultDeadline, Cancellation);
        var waiting = digests[1..].Select(digest => busy.GetAsync("", digest, "module", Preinitialization.None, _ => OpenAsync(Wat), Cancellation)).ToList();
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
        var never = new TaskCompletionSource<Stream>();
        var slow = compiled.GetAsync("", $"sha256:{1:x64}", "slow", Preinitialization.None, never.Task.WaitAsync, Cancellation);

        (await compiled.GetAsync("", $"sha256:{2:x64}", "quick", Preinitialization.None, _ => OpenAsync(Wat), Cancellation)).Dispose();

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
        var compiled = new CompiledCache(_directory, engine, new InProcessCompiler(engine), ProgressDisplay.None, log, compilers: 1);
        var digest = BlobCache.DigestOf(Wat);
        var compilations = 0;
        Task<Guest> Get() => Task.Run(() => compiled.GetAsync(
            "",
            digest,
            "module",
            Preinitialization.None,
            _ =>
            {
                Interlocked.Increment(ref compilations);
                return OpenAsync(Wat);
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
    [Fact]
    public async Task EachWayOfInitializing_HasNativeCodeOfItsOwn_AndKeepsWhatThereIsToSay()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var compiled = Compiled(engine);
        var digest = BlobCache.DigestOf(Wat);
        for (var i = 0; i < 2; i++)
        {
            foreach (var way in Enum.GetValues<Preinitialization>())
            {
                using var guest = await compiled.GetAsync("", digest, "module", way, _ => OpenAsync(Wat), Cancellation);
                Assert.Equal(way != Preinitialization.None, guest.Remark.StartsWith("not preinitialized: it does not export", StringComparison.Ordinal));
            }
        }

        Assert.Equal(3, Files("*.cwasm").Length);
    }

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
        (await compiled.GetAsync("", digest, "module", Preinitialization.None, _ => OpenAsync(Wat), Cancellation)).Dispose();

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
            Preinitialization.None,
            _ =>
            {
                wasCompiled = true;
                return OpenAsync(Wat);
            },
            Cancellation)).Dispose();
        Assert.True(wasCompiled);
        (await compiled.GetAsync("", digest, "module", Preinitialization.None, _ => throw new InvalidOperationException("it is in the cache"), Cancellation)).Dispose();
    }

    [Fact]
    public async Task CodeOfAnotherEngine_IsNotLoaded()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions());
        var compiled = Compiled(engine);
        var digest = BlobCache.DigestOf(Wat);
        (await compiled.GetAsync("", digest, "module", Preinitialization.None, _ => OpenAsync(Wat), Cancellation)).Dispose();

        // Intact by its checksum, and no code that this engine could have made.
        var file = Files("*.cwasm").Single();
        byte[] foreign = [1, 2, 3];
        await File.WriteAllBytesAsync(file, [.. foreign, .. System.IO.Hashing.XxHash128.Hash(foreign)], Cancellation);
        (await compiled.GetAsync("", digest, "module", Preinitialization.None, _ => OpenAsync(Wat), Cancellation)).Dispose();
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
        using var guest = await compiled.GetAsync("", BlobCache.DigestOf(Wat), "module", Preinitialization.None, _ => OpenAsync(Wat), Cancellation);
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
    /// <summary>Remembers whether anybody wanted to read it.</summary>
    private sealed class WatchedStream(byte[] bytes) : MemoryStream(bytes)
    {
        public bool WasRead { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            WasRead = true;
            return base.ReadAsync(buffer, cancellationToken);
        }
    }

    /// <summary>A file on a disk that is full after so many bytes, and takes a part of those that do not fit.</summary>
    private sealed class FullDisk(string path, int room) : FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0)
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var fits = (int)Math.Min(buffer.Length, room - Position);
            await base.WriteAsync(buffer[..fits], cancellationToken);
            if (fits < buffer.Length)
            {
                throw new IOException("No space left on device");
            }
        }
    }

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
