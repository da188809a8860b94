using System.IO.Hashing;
using System.Text;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sandbox;

namespace Wagi.Runtime.Cache;

/// <summary>
/// Native code by the digest of its Wasm: <c>compiled/&lt;engine key&gt;/&lt;digest&gt;.cwasm</c>, with a checksum beside it that is
/// verified before the code is loaded. One process compiles, the others wait for its file.
/// </summary>
internal sealed partial class CompiledCache(CacheDirectory directory, SandboxEngine engine, ProgressDisplay progress, ILogger<CompiledCache> logger) : IDisposable
{
    /// <summary>Compiling uses every core by itself: more at once would only take memory.</summary>
    private readonly SemaphoreSlim _compilers = new(Math.Max(1, Environment.ProcessorCount / 2));

    private readonly string _folder = Path.Combine(directory.Compiled, engine.CompatibilityKey);

    /// <summary>The loaded module: from the cache, else compiled from <paramref name="readWasm"/> and kept.</summary>
    /// <param name="digest"><c>sha256:…</c> of the Wasm.</param>
    /// <param name="name">What it is called, for people.</param>
    /// <param name="readWasm">Reads the Wasm.</param>
    /// <param name="cancellation">Stops waiting and reading.</param>
    /// <exception cref="SandboxException">It is not valid Wasm, or cannot be compiled.</exception>
    public async Task<Guest> GetAsync(
        string digest, string name, Func<CancellationToken, Task<byte[]>> readWasm, CancellationToken cancellation)
    {
        var path = Path.Combine(_folder, digest.Replace(':', '-') + ".cwasm");
        if (TryLoad(path) is { } cached)
        {
            return cached;
        }

        using var held = await TryLockAsync(path + ".lock", cancellation);
        if (held is not null && TryLoad(path) is { } compiledByAnother)
        {
            return compiledByAnother;
        }

        var wasm = await readWasm(cancellation);
        var code = await CompileAsync(digest, name, wasm, cancellation);
        await StoreAsync(path, code, cancellation);
        return TryLoad(path) ?? engine.Load(code);
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

    private Guest? TryLoad(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return null;
            }

            if (ReadChecksum(path) != Checksum(path))
            {
                LogDamaged(path);
                Drop(path);
                return null;
            }

            CacheDirectory.Touch(path);
            CacheDirectory.Touch(ChecksumPath(path));
            return engine.LoadFile(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        catch (SandboxException error)
        {
            LogRefused(path, error.Message);
            Drop(path);
            return null;
        }
    }

    private async Task StoreAsync(string path, byte[] code, CancellationToken cancellation)
    {
        try
        {
            await CacheDirectory.WriteAsync(path, (stream, token) => stream.WriteAsync(code, token).AsTask(), cancellation);
            var checksum = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(XxHash128.Hash(code)));
            await CacheDirectory.WriteAsync(
                ChecksumPath(path), (stream, token) => stream.WriteAsync(checksum, token).AsTask(), cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogNotStored(path, error.Message);
        }
    }

    private static void Drop(string path)
    {
        CacheDirectory.TryDelete(path);
        CacheDirectory.TryDelete(ChecksumPath(path));
    }

    private static string ChecksumPath(string path) => path + ".xxh128";

    private static string? ReadChecksum(string path) =>
        File.Exists(ChecksumPath(path)) ? File.ReadAllText(ChecksumPath(path)) : null;

    /// <summary>XXH128 finds damage, which is all that it is for: who may write to the cache is trusted (docs/security.md).</summary>
    private static string Checksum(string path)
    {
        using var stream = File.OpenRead(path);
        var hash = new XxHash128();
        hash.Append(stream);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    public void Dispose() => _compilers.Dispose();
}
