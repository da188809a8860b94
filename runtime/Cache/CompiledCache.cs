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
internal sealed partial class CompiledCache(CacheDirectory directory, GuestEngine engine, ProgressDisplay progress, ILogger<CompiledCache> logger) : IDisposable
{
    /// <summary>Compiling uses every core by itself: more at once would only take memory.</summary>
    private readonly SemaphoreSlim _compilers = new(Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Of the files' layout: pods of several versions share a node's cache during an update.</summary>
    private const int Format = 2;

    private const int ChecksumLength = 16;

    private readonly string _folder = Path.Combine(directory.Compiled, $"{engine.CompatibilityKey}-{Format}");

    /// <summary>The loaded module: from the cache, else compiled from <paramref name="readWasm"/> and kept.</summary>
    /// <param name="digest"><c>sha256:…</c> of the Wasm.</param>
    /// <param name="name">What it is called, for people.</param>
    /// <param name="readWasm">Reads the Wasm.</param>
    /// <param name="cancellation">Stops waiting and reading.</param>
    /// <exception cref="GuestLoadException">It is not valid Wasm, or cannot be compiled.</exception>
    public async Task<Guest> GetAsync(
        string digest, string name, Func<CancellationToken, Task<byte[]>> readWasm, CancellationToken cancellation)
    {
        var path = Path.Combine(_folder, digest.Replace(':', '-') + ".cwasm");
        if (TryLoad(path, isLocked: false) is { } cached)
        {
            return cached;
        }

        using var held = await TryLockAsync(path + ".lock", cancellation);
        if (held is not null && TryLoad(path, isLocked: true) is { } compiledByAnother)
        {
            return compiledByAnother;
        }

        var wasm = await readWasm(cancellation);
        var code = await CompileAsync(digest, name, wasm, cancellation);
        await StoreAsync(path, code, cancellation);
        return TryLoad(path, isLocked: held is not null) ?? engine.Load(code);
    }

    private async Task<byte[]> CompileAsync(string digest, string name, byte[] wasm, CancellationToken cancellation)
    {
        await _compilers.WaitAsync(cancellation);
        try
        {
            using var item = progress.Begin($"compiling {name}");
            var started = TimeProvider.System.GetTimestamp();
            var code = await Task.Run(() => engine.Compile(wasm), cancellation);
            LogCompiled(digest, wasm.Length, code.Length, (long)TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
            return code;
        }
        finally
        {
            _compilers.Release();
        }
    }

    /// <summary>Without a lock (a full disk, a read-only directory) two may compile the same module: slower, and right all the same.</summary>
    private async Task<FileLock?> TryLockAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await FileLock.AcquireAsync(path, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotLocked(path, error.Message);
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
                    LogDamaged(path);
                    CacheDirectory.TryDelete(path);
                }

                return null;
            }

            CacheDirectory.Touch(path);
            return engine.LoadFile(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        catch (GuestLoadException error)
        {
            if (isLocked)
            {
                LogRefused(path, error.Message);
                CacheDirectory.TryDelete(path);
            }

            return null;
        }
    }

    private async Task StoreAsync(string path, byte[] code, CancellationToken cancellation)
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
                cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotStored(path, error.Message);
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
}
