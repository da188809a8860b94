using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Wagi.Modules.Configuration;
using Wagi.Modules.Limits;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Compiling;

/// <summary>A process, <c>wagi compiler</c>, that compiles one module after the other, may take so much and no more, and gives way to requests.</summary>
internal sealed class CompilerProcess : IDisposable
{
    /// <summary>
    /// Its exit code where .NET has no memory left: as if it had been ended by SIGABRT, which is what Wasmtime does in its place.
    /// </summary>
    public const int OutOfMemory = SignalBase + 6;

    private const int MaxMessage = 4096;

    /// <summary>What a shell adds to the number of the signal that ended a process, and .NET does as well.</summary>
    private const int SignalBase = 128;

    private const int Killed = 9;

    private const int ProcessorTimeUp = 24;

    /// <summary>Nothing that the server was told concerns the compiler, secrets least of all: only what starting a program needs.</summary>
    private static readonly string[] Inherited = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DOTNET_ROOT", "DOTNET_BUNDLE_EXTRACT_BASE_DIR"];

    private readonly Process _process;
    private readonly CompilerLimits _limits;
    private readonly Task<string> _errors;

    private CompilerProcess(Process process, CompilerLimits limits)
    {
        _process = process;
        _limits = limits;
        _errors = ReadMessageAsync(process.StandardError);
    }

    /// <summary>Whether it has answered, so that another module may follow.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Starts one.</summary>
    /// <param name="program">How to start this program: a path, and arguments before those of the command.</param>
    /// <param name="limits">What a compilation may take.</param>
    /// <exception cref="GuestLoadException">It cannot be started.</exception>
    public static CompilerProcess Start(IReadOnlyList<string> program, CompilerLimits limits)
    {
        var start = new ProcessStartInfo(program[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var memory = limits.Memory.ToString(CultureInfo.InvariantCulture);
        foreach (var argument in (string[])[.. program.Skip(1), "compiler", "--compile-memory", memory, "--compile-time", Duration.Format(limits.Time)])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in start.Environment.Keys.Except(Inherited).ToList())
        {
            start.Environment.Remove(name);
        }

        return new CompilerProcess(StartInBackground(start), limits);
    }

    /// <summary>Has it compile a module. False: it has ended before it gave an answer, and <see cref="WhyItEndedAsync"/> says why.</summary>
    /// <param name="wasm">The module.</param>
    /// <param name="preinitialization">Whether it is initialized as well.</param>
    /// <param name="target">Where the native code goes; after an exception it holds any part of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="GuestLoadException">The module is no WebAssembly, or cannot be compiled.</exception>
    /// <exception cref="IOException"><paramref name="target"/> cannot be written to.</exception>
    public async Task<bool> TryCompileAsync(
        ReadOnlyMemory<byte> wasm, Preinitialization preinitialization, Stream target, CancellationToken cancellationToken)
    {
        IsReady = false;
        try
        {
            await CompilerMessage.WriteAsync(_process.StandardInput.BaseStream, (byte)preinitialization, wasm, cancellationToken);
        }
        catch (IOException)
        {
            return false;
        }

        var answers = _process.StandardOutput.BaseStream;
        if (await CompilerMessage.ReadAsync(answers, cancellationToken) is not { } answer)
        {
            return false;
        }

        if ((CompilerAnswer)answer.Kind == CompilerAnswer.Compiled)
        {
            await CopyAsync(answers, target, answer.Length, cancellationToken);
            IsReady = true;
            return true;
        }

        // As far as anybody would read it. What is longer is left where it is, and the compiler with it: it may be one that a module has taken over.
        var message = new MemoryStream();
        await CopyAsync(answers, message, Math.Min(answer.Length, MaxMessage), cancellationToken);
        IsReady = answer.Length <= MaxMessage;
        throw new GuestLoadException(
            (CompilerAnswer)answer.Kind == CompilerAnswer.NotWasm ? ModuleReason.NotWasm : ModuleReason.CompileFailed, Encoding.UTF8.GetString(message.ToArray()));
    }

    /// <summary>Why it has ended without an answer.</summary>
    public async Task<GuestLoadException> WhyItEndedAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        var may = $"it may use {ByteSize.Format(_limits.Memory)} of memory and {Duration.Format(_limits.Time)} of processor time";
        return (_process.ExitCode - SignalBase) switch
        {
            ProcessorTimeUp => new GuestLoadException(ModuleReason.CompileFailed, $"the module takes too long to compile: {may}"),

            // Not by itself: the machine was short of memory, or somebody has ended it.
            Killed => new GuestLoadException(ModuleReason.CompileFailed, $"the compiler was killed; {may}") { IsWorthRetrying = true },
            > 0 => new GuestLoadException(ModuleReason.CompileFailed, $"the compiler broke off, most likely for lack of memory: {may}"),
            _ => new GuestLoadException(
                ModuleReason.CompileFailed, $"the compiler ended with exit code {_process.ExitCode}: {await _errors.WaitAsync(cancellationToken)}"),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It has ended by itself meanwhile.
        }

        _process.Dispose();
    }

    /// <summary>
    /// A process begins with the priority of the thread that starts it. It lowers its own as well, but by then it has loaded: with a hundred of
    /// them, requests wait for that.
    /// </summary>
    private static Process StartInBackground(ProcessStartInfo start)
    {
        Process? process = null;
        Win32Exception? failure = null;
        var thread = new Thread(() =>
        {
            if (OperatingSystem.IsLinux())
            {
                Confinement.LowerPriority();
            }

            try
            {
                process = Process.Start(start);
            }
            catch (Win32Exception exception)
            {
                failure = exception;
            }
        })
        {
            Name = "compiler start",
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
        return process
            ?? throw new GuestLoadException(ModuleReason.CompileFailed, $"the compiler cannot be started: {failure?.Message}") { IsWorthRetrying = true };
    }

    private static async Task CopyAsync(Stream source, Stream target, long length, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Clamp(length, 1, 1 << 16)];
        while (length > 0)
        {
            var count = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(length, buffer.Length)), cancellationToken);
            if (count == 0)
            {
                throw new GuestLoadException(ModuleReason.CompileFailed, "the compiler broke off in the middle of its answer") { IsWorthRetrying = true };
            }

            await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            length -= count;
        }
    }

    /// <summary>What it says, read to the end so that it never waits to say it, and kept as far as anybody would read it.</summary>
    private static async Task<string> ReadMessageAsync(StreamReader reader)
    {
        var message = new StringBuilder();
        var buffer = new char[MaxMessage];
        try
        {
            while (await reader.ReadAsync(buffer) is > 0 and var count)
            {
                message.Append(buffer, 0, Math.Min(count, MaxMessage - message.Length));
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // It is no longer asked.
        }

        return message.ToString().Trim();
    }
}
