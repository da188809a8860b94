using Wagi.Modules.Configuration;
using Wagi.Modules.Limits;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Compiling;

/// <summary>
/// Compiles modules in processes of their own (<see cref="CompilerProcess"/>). A module that the compiler chokes on costs its own compilation,
/// and nothing of what is served.
/// </summary>
/// <remarks>
/// To start a process takes several times as long as to compile a small module. So one that has compiled a small module waits a moment for
/// another of the same tenant; of another tenant's it never sees any. When it ends over one that is not its first, that one is compiled in a process of
/// its own, because what it may take is not what another has left over.
/// </remarks>
/// <param name="program">How to start this program: a path, and arguments before those of the command.</param>
/// <param name="limits">What a compilation may take.</param>
/// <param name="maxWaiting">How many processes wait at most, as many as compile at a time.</param>
internal sealed class ModuleCompiler(IReadOnlyList<string> program, CompilerLimits limits, int maxWaiting) : IModuleCompiler, IDisposable
{
    /// <summary>Bytes of Wasm. What the compiler needs for more than that is not worth keeping, and its start is not felt.</summary>
    private const int SmallModule = 1 << 20;

    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);

    /// <summary>How long it may take by the clock: much longer than its processor time, because it gives way to others.</summary>
    private readonly TimeSpan _patience = TimeSpan.FromMinutes(1) + (5 * limits.Time);

    private readonly Lock _lock = new();

    /// <summary>Those that wait, the one that has waited longest first.</summary>
    private readonly List<(string Tenant, CompilerProcess Process, long Since)> _waiting = [];

    private ITimer? _timer;
    private bool _isDisposed;

    /// <summary>How to start this program: the file beside its code; where there is none, as it was started itself.</summary>
    public static IReadOnlyList<string> ThisProgram
    {
        get
        {
            var beside = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "wagi.exe" : "wagi");
            if (File.Exists(beside))
            {
                return [beside];
            }

            var path = Environment.ProcessPath ?? throw new InvalidOperationException("the path of this program is not known");
            return Path.GetFileNameWithoutExtension(path) == "dotnet" ? [path, Environment.GetCommandLineArgs()[0]] : [path];
        }
    }

    /// <inheritdoc/>
    public async Task CompileAsync(
        string tenant, ReadOnlyMemory<byte> wasm, Preinitialization preinitialization, Stream target, CancellationToken cancellationToken)
    {
        GuestEngine.CheckFormat(wasm.Span);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_patience);
        var isSmall = wasm.Length <= SmallModule && preinitialization == Preinitialization.None;
        try
        {
            if (isSmall && TryTake(tenant) is { } used && await TryAsync(used) is null)
            {
                return;
            }

            if (await TryAsync(CompilerProcess.Start(program, limits)) is { } failure)
            {
                throw failure;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GuestLoadException(ModuleReason.CompileFailed, $"the compiler did not end within {Duration.Format(_patience)}")
            {
                IsWorthRetrying = true,
            };
        }

        // Null: it has answered; else why it has not.
        async Task<GuestLoadException?> TryAsync(CompilerProcess process)
        {
            try
            {
                return await process.TryCompileAsync(wasm, preinitialization, target, patience.Token)
                    ? null
                    : await process.WhyItEndedAsync(patience.Token);
            }
            finally
            {
                if (!isSmall || !process.IsReady || !TryKeep(tenant, process))
                {
                    process.Dispose();
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
            EndWhere(_ => true);
        }
    }

    private CompilerProcess? TryTake(string tenant)
    {
        lock (_lock)
        {
            var index = _waiting.FindLastIndex(item => item.Tenant == tenant);
            if (index < 0)
            {
                return null;
            }

            var process = _waiting[index].Process;
            _waiting.RemoveAt(index);
            return process;
        }
    }

    private bool TryKeep(string tenant, CompilerProcess process)
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return false;
            }

            if (_waiting.Count >= maxWaiting)
            {
                _waiting[0].Process.Dispose();
                _waiting.RemoveAt(0);
            }

            _waiting.Add((tenant, process, TimeProvider.System.GetTimestamp()));
            _timer ??= TimeProvider.System.CreateTimer(_ => EndIdle(), state: null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Moment, Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    private void EndIdle()
    {
        lock (_lock)
        {
            EndWhere(since => TimeProvider.System.GetElapsedTime(since) >= Moment);
            if (_waiting.Count > 0 && !_isDisposed)
            {
                _timer!.Change(Moment, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void EndWhere(Predicate<long> isOver) => _waiting.RemoveAll(item =>
    {
        if (!isOver(item.Since))
        {
            return false;
        }

        item.Process.Dispose();
        return true;
    });
}
