using System.Buffers;
using System.IO.Hashing;
using Wagi.Hosting.Files;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Cache;

/// <summary>
/// Native code by the digest of its Wasm: <c>compiled/&lt;engine key&gt;-&lt;format&gt;/&lt;digest&gt;.cwasm</c>, with a checksum at its end that is verified
/// before the code is loaded: both in one file, so that they come into being together. One process compiles, the others wait for its file.
/// </summary>
/// <param name="directory">The cache.</param>
/// <param name="engine">Compiles and loads.</param>
/// <param name="progress">Shows what is being compiled.</param>
/// <param name="logger">Where to log.</param>
/// <param name="compilers">How many modules are compiled at a time; 0: half as many as there are cores, each of which uses them all.</param>
internal sealed partial class CompiledCache(
    CacheDirectory directory, GuestEngine engine, ProgressDisplay progress, ILogger<CompiledCache> logger, int compilers = 0) : IDisposable
{
    /// <summary>Of the files' layout: pods of several versions share a node's cache during an update.</summary>
    private const int Format = 2;

    private const int ChecksumLength = 16;

    private readonly SemaphoreSlim _compilers = new(compilers > 0 ? compilers : Math.Max(1, Environment.ProcessorCount / 2));
    private readonly Turns _turns = new();
    private readonly string _folder = Path.Combine(directory.Compiled, $"{engine.CompatibilityKey}-{Format}");

    /// <summary>The loaded module: from the cache, else compiled from <paramref name="readWasm"/> and kept.</summary>
    /// <param name="digest"><c>sha256:…</c> of the Wasm.</param>
    /// <param name="name">What it is called, for people.</param>
    /// <param name="readWasm">Reads the Wasm.</param>
    /// <param name="cancellationToken">Stops waiting and reading.</param>
    /// <exception cref="GuestLoadException">It is not valid Wasm, or cannot be compiled.</exception>
    public async Task<Guest> GetAsync(
        string digest, string name, Func<CancellationToken, Task<byte[]>> readWasm, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_folder, digest.Replace(':', '-') + ".cwasm");
        if (TryLoad(path, isLocked: false) is { } cached)
        {
            return cached;
        }

        using var turn = await _turns.TakeAsync(digest, cancellationToken);
        if (TryLoad(path, isLocked: false) is { } compiledMeanwhile)
        {
            return compiledMeanwhile;
        }

        // Read before there is a place at the compiler, which a slow registry must not keep from the others; and the lock is taken last, for
        // who waits for a place must not keep another process from compiling.
        var wasm = await readWasm(cancellationToken);
        await _compilers.WaitAsync(cancellationToken);
        try
        {
            using var held = await TryLockAsync(LockFor(digest), cancellationToken);
            if (held is not null && TryLoad(path, isLocked: true) is { } compiledByAnother)
            {
                return compiledByAnother;
            }

            var code = await CompileAsync(digest, name, wasm, cancellationToken);
            await StoreAsync(path, code, cancellationToken);
            return TryLoad(path, isLocked: held is not null) ?? engine.Load(code);
        }
        finally
        {
            _compilers.Release();
        }
    }

    /// <summary>
    /// One of 256 files, so that they need not be removed (see <see cref="FileLock"/>). Two modules that share one are compiled one after the
    /// other by the processes of a node.
    /// </summary>
    internal string LockFor(string digest) =>
        Path.Combine(directory.Compiled, "locks", digest[^2..] + CacheDirectory.LockSuffix);

    private async Task<byte[]> CompileAsync(string digest, string name, byte[] wasm, CancellationToken cancellationToken)
    {
        using var item = progress.Begin($"compiling {name}");
        var started = TimeProvider.System.GetTimestamp();
        var code = await Task.Run(() => engine.Compile(wasm), cancellationToken);
        LogCompiled(digest, wasm.Length, code.Length, (long)TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
        return code;
    }

    /// <summary>Without a lock (a full disk, a read-only directory) two may compile the same module: slower, and right all the same.</summary>
    private async Task<FileLock?> TryLockAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await FileLock.AcquireAsync(path, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotLocked(path, exception.Message);
            return null;
        }
    }

    /// <param name="path">The file.</param>
    /// <param name="isLocked">
    /// Whether this process has the lock of the file: only then is the file that is found wrong still the one that is removed.
    /// </param>
    private Guest? TryLoad(string path, bool isLocked)
    {
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            if (!IsIntact(path))
            {
                if (isLocked)
                {
                    LogCodeDamaged(path);
                    CacheDirectory.TryDelete(path);
                }

                return null;
            }

            CacheDirectory.Touch(path);
            return engine.LoadFile(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        catch (GuestLoadException exception)
        {
            if (isLocked)
            {
                LogCodeRefused(path, exception.Message);
                CacheDirectory.TryDelete(path);
            }

            return null;
        }
    }

    private async Task StoreAsync(string path, byte[] code, CancellationToken cancellationToken)
    {
        try
        {
            await AtomicFile.WriteAsync(
                path,
                async (stream, token) =>
                {
                    await stream.WriteAsync(code, token);
                    await stream.WriteAsync(XxHash128.Hash(code), token);
                },
                cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogCodeNotStored(path, exception.Message);
        }
    }

    /// <summary>
    /// XXH128 finds damage, which is all that it is for: who may write to the cache is trusted (docs/security.md). The engine
    /// follows the code's own headers and ignores what comes after them.
    /// </summary>
    private static bool IsIntact(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var length = stream.Length - ChecksumLength;
        if (length < 0)
        {
            return false;
        }

        var hash = new XxHash128();
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            while (length > 0)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length));
                stream.ReadExactly(part);
                hash.Append(part);
                length -= part.Length;
            }

            Span<byte> checksum = stackalloc byte[ChecksumLength];
            stream.ReadExactly(checksum);
            return checksum.SequenceEqual(hash.GetCurrentHash());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Dispose() => _compilers.Dispose();

    [LoggerMessage(LogLevel.Information, "Compiled {Digest}: {WasmBytes} bytes of Wasm, {CodeBytes} bytes of native code, {Milliseconds} ms")]
    private partial void LogCompiled(string digest, int wasmBytes, int codeBytes, long milliseconds);

    [LoggerMessage(LogLevel.Warning, "Cached native code {Path} is damaged: removed, the module is compiled again")]
    private partial void LogCodeDamaged(string path);

    [LoggerMessage(LogLevel.Warning, "Cached native code {Path} does not fit this engine: removed, the module is compiled again ({Error})")]
    private partial void LogCodeRefused(string path, string error);

    [LoggerMessage(LogLevel.Warning, "Native code could not be kept in the cache as {Path}: {Error}")]
    private partial void LogCodeNotStored(string path, string error);

    [LoggerMessage(LogLevel.Warning, "Cache lock {Path} could not be taken: {Error}")]
    private partial void LogNotLocked(string path, string error);
}
