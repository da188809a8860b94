using Wagi.Hosting.Files;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;
using Wagi.Runtime.Compiling;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Images;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sharing;

namespace Wagi.Runtime.Cache;

/// <summary>
/// Native code by the digest of its Wasm: <c>compiled/&lt;engine key&gt;/&lt;digest&gt;.cwasm</c>, of which the checksum is verified before the code is
/// loaded. One process compiles, the others wait for its file.
/// </summary>
/// <param name="directory">The cache.</param>
/// <param name="engine">Loads.</param>
/// <param name="compiler">Compiles.</param>
/// <param name="progress">Shows what is being compiled.</param>
/// <param name="logger">Where to log.</param>
/// <param name="compilers">How many modules are compiled at a time.</param>
internal sealed partial class CompiledCache(
    CacheDirectory directory, GuestEngine engine, IModuleCompiler compiler, ProgressDisplay progress, ILogger<CompiledCache> logger, int compilers)
{
    private readonly TenantGate _compilers = CreateGate(compilers);
    private readonly Turns _turns = new();
    private readonly string _folder = Path.Combine(directory.Compiled, engine.CompatibilityKey);

    /// <summary>The loaded module: from the cache, else compiled from <paramref name="openWasm"/> and kept.</summary>
    /// <param name="tenant">Whose module it is: tenants take turns at the compiler.</param>
    /// <param name="digest"><c>sha256:…</c> of the Wasm.</param>
    /// <param name="name">What it is called, for people.</param>
    /// <param name="preinitialization">Whether it is initialized when it is compiled.</param>
    /// <param name="openWasm">Gets the Wasm, at its start and with a known length; disposed here.</param>
    /// <param name="cancellationToken">Stops waiting and reading.</param>
    /// <exception cref="GuestLoadException">It is not valid Wasm, or cannot be compiled.</exception>
    public async Task<Guest> GetAsync(
        string tenant, string digest, string name, Preinitialization preinitialization, Func<CancellationToken, Task<Stream>> openWasm,
        CancellationToken cancellationToken)
    {
        var path = PathOf(digest, preinitialization);
        if (TryLoad(path, isLocked: false) is { } cached)
        {
            return cached;
        }

        using var turn = await _turns.TakeAsync(path, cancellationToken);
        if (TryLoad(path, isLocked: false) is { } compiledMeanwhile)
        {
            return compiledMeanwhile;
        }

        // Pulled before there is a place at the compiler, which a slow registry must not keep from the others, and read into memory when there is
        // one: what waits may be many times what the process has. The lock is taken last, for who waits for a place must not keep another
        // process from compiling.
        await using var content = await openWasm(cancellationToken);
        using var place = await _compilers.EnterAsync(tenant, content.Length, cancellationToken);
        using var held = await TryLockAsync(LockFor(digest), cancellationToken);
        if (held is not null && TryLoad(path, isLocked: true) is { } compiledByAnother)
        {
            return compiledByAnother;
        }

        using var item = progress.Begin($"compiling {name}");
        var wasm = new byte[content.Length];
        await content.ReadExactlyAsync(wasm, cancellationToken);
        return await TryCompileToAsync(path, tenant, digest, wasm, preinitialization, cancellationToken) && TryLoad(path, isLocked: held is not null) is { } compiled
            ? compiled
            : await CompileToMemoryAsync(tenant, digest, wasm, preinitialization, cancellationToken);
    }

    private string PathOf(string digest, Preinitialization preinitialization) => Path.Combine(
        _folder, digest.Replace(':', '-') + (Preinitializations.Format(preinitialization) is { } value ? $".preinitialize-{value}" : "") + ".cwasm");

    /// <summary>A tenant with many modules leaves half of the places to others.</summary>
    private static TenantGate CreateGate(int places) => new(places, Math.Max(1, places / 2));

    /// <summary>
    /// One of 256 files, so that they need not be removed (see <see cref="FileLock"/>). Two modules that share one are compiled one after the
    /// other by the processes of a node.
    /// </summary>
    internal string LockFor(string digest) =>
        Path.Combine(directory.Compiled, "locks", digest[^2..] + CacheDirectory.LockSuffix);

    /// <summary>Compiles into the cache. A cache that cannot be written to costs another compilation, and nothing else.</summary>
    private async Task<bool> TryCompileToAsync(
        string path, string tenant, string digest, byte[] wasm, Preinitialization preinitialization, CancellationToken cancellationToken)
    {
        try
        {
            await AtomicFile.WriteAsync(
                path,
                async (stream, token) =>
                {
                    await CompileAsync(tenant, digest, wasm, preinitialization, stream, token);
                    directory.Add(stream.Length);
                },
                cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogCodeNotStored(path, exception.Message);
            return false;
        }
    }

    private async Task<Guest> CompileToMemoryAsync(
        string tenant, string digest, byte[] wasm, Preinitialization preinitialization, CancellationToken cancellationToken)
    {
        using var code = new MemoryStream();
        await CompileAsync(tenant, digest, wasm, preinitialization, code, cancellationToken);
        return engine.Load(code.GetBuffer().AsSpan(0, (int)code.Length));
    }

    private async Task CompileAsync(
        string tenant, string digest, byte[] wasm, Preinitialization preinitialization, Stream target, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        await compiler.CompileAsync(tenant, wasm, preinitialization, target, cancellationToken);
        LogCompiled(digest, wasm.Length, target.Length, (long)TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
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

            if (!NativeCode.IsIntact(path))
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
        catch (GuestLoadException exception) when (exception.Reason == ModuleReason.CompileFailed)
        {
            if (isLocked)
            {
                LogCodeRefused(path, exception.Message);
                CacheDirectory.TryDelete(path);
            }

            return null;
        }
    }

    [LoggerMessage(LogLevel.Information, "Compiled {Digest}: {WasmBytes} bytes of Wasm, {CodeBytes} bytes of native code, {Milliseconds} ms")]
    private partial void LogCompiled(string digest, int wasmBytes, long codeBytes, long milliseconds);

    [LoggerMessage(LogLevel.Warning, "Cached native code {Path} is damaged: removed, the module is compiled again")]
    private partial void LogCodeDamaged(string path);

    [LoggerMessage(LogLevel.Warning, "Cached native code {Path} does not fit this engine: removed, the module is compiled again ({Error})")]
    private partial void LogCodeRefused(string path, string error);

    [LoggerMessage(LogLevel.Warning, "Native code could not be kept in the cache as {Path}: {Error}")]
    private partial void LogCodeNotStored(string path, string error);

    [LoggerMessage(LogLevel.Warning, "Cache lock {Path} could not be taken: {Error}")]
    private partial void LogNotLocked(string path, string error);
}
