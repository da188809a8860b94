using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Configuration;
using Wagi.Modules.Limits;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Compiling;

/// <summary>What one compilation may take.</summary>
internal sealed record CompilerLimits
{
    /// <summary>Memory, in bytes.</summary>
    public long Memory { get; init; } = 768L << 20;

    /// <summary>Processor time, on all cores together.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How many compilations a machine, or a container, bears at a time: half as many as there are processors, each of which uses them all, and no more
    /// than have the memory that each may take. One in any case.
    /// </summary>
    /// <param name="processors">Its processors.</param>
    /// <param name="memory">What it has of memory for them, in bytes.</param>
    public int AtATime(int processors, long memory) => (int)Math.Max(1, Math.Min(processors / 2, memory / Memory));

    /// <summary>The same limits where there is not that much memory.</summary>
    /// <param name="memory">What there is, in bytes.</param>
    public CompilerLimits Within(long memory) => memory < Memory ? this with { Memory = memory } : this;
}

/// <summary>
/// Compiles each module in a process of its own, <c>wagi compile</c>, which may take so much and no more and gives way to requests. A module
/// that the compiler chokes on costs its own compilation, and nothing of what is served.
/// </summary>
/// <param name="program">How to start this program: a path, and arguments before those of the command.</param>
/// <param name="limits">What a compilation may take.</param>
internal sealed class CompilerProcess(IReadOnlyList<string> program, CompilerLimits limits) : IModuleCompiler
{
    private const int MaxMessage = 4096;

    /// <summary>What a shell adds to the number of the signal that ended a process, and .NET does as well.</summary>
    private const int SignalBase = 128;

    private const int Killed = 9;

    private const int ProcessorTimeUp = 24;

    /// <summary>Nothing that the server was told concerns the compiler, secrets least of all: only what starting a program needs.</summary>
    private static readonly string[] Inherited = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DOTNET_ROOT", "DOTNET_BUNDLE_EXTRACT_BASE_DIR"];

    /// <summary>How its messages begin.</summary>
    private readonly string _prefix = Path.GetFileNameWithoutExtension(program[^1]) + ": ";

    /// <summary>How long it may take by the clock: much longer than its processor time, because it gives way to others.</summary>
    private readonly TimeSpan _patience = TimeSpan.FromMinutes(1) + (5 * limits.Time);

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
    public async Task CompileAsync(ReadOnlyMemory<byte> wasm, Preinitialization preinitialization, Stream target, CancellationToken cancellationToken)
    {
        GuestEngine.CheckFormat(wasm.Span);
        using var process = Start(preinitialization);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_patience);
        try
        {
            var sending = SendAsync(process, wasm, patience.Token);
            var message = ReadMessageAsync(process.StandardError, patience.Token);
            await process.StandardOutput.BaseStream.CopyToAsync(target, patience.Token);
            await process.WaitForExitAsync(patience.Token);
            await sending;
            if (process.ExitCode != ExitCodes.Success)
            {
                throw Failure(process.ExitCode, await message);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new GuestLoadException(ModuleReason.CompileFailed, $"the compiler did not end within {Duration.Format(_patience)}")
            {
                IsWorthRetrying = true,
            };
        }
        finally
        {
            End(process);
        }
    }

    private Process Start(Preinitialization preinitialization)
    {
        var start = new ProcessStartInfo(program[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var memory = limits.Memory.ToString(CultureInfo.InvariantCulture);
        foreach (var argument in (string[])
            [
                .. program.Skip(1), "compile", "-", "-o", "-", "--memory-limit", memory, "--time-limit", Duration.Format(limits.Time), "--background",
                .. Preinitializations.Format(preinitialization) is { } value ? ["--preinitialize", value] : Array.Empty<string>(),
            ])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in start.Environment.Keys.Except(Inherited).ToList())
        {
            start.Environment.Remove(name);
        }

        return StartInBackground(start);
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

    private static async Task SendAsync(Process process, ReadOnlyMemory<byte> wasm, CancellationToken cancellationToken)
    {
        try
        {
            var input = process.StandardInput.BaseStream;
            await input.WriteAsync(wasm, cancellationToken);
            await input.DisposeAsync();
        }
        catch (IOException)
        {
            // It has ended before it read everything, and says why elsewhere.
        }
    }

    /// <summary>What it says, read to the end so that it never waits to say it, and kept as far as anybody would read it.</summary>
    private static async Task<string> ReadMessageAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var message = new StringBuilder();
        var buffer = new char[MaxMessage];
        while (await reader.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            message.Append(buffer, 0, Math.Min(count, MaxMessage - message.Length));
        }

        return message.ToString().Trim();
    }

    private GuestLoadException Failure(int exitCode, string message)
    {
        var may = $"it may use {ByteSize.Format(limits.Memory)} of memory and {Duration.Format(limits.Time)} of processor time";
        return (exitCode - SignalBase) switch
        {
            ProcessorTimeUp => new GuestLoadException(ModuleReason.CompileFailed, $"the module takes too long to compile: {may}"),

            // Not by itself: the machine was short of memory, or somebody has ended it.
            Killed => new GuestLoadException(ModuleReason.CompileFailed, $"the compiler was killed; {may}") { IsWorthRetrying = true },
            > 0 => new GuestLoadException(ModuleReason.CompileFailed, $"the compiler broke off, most likely for lack of memory: {may}"),
            _ => new GuestLoadException(
                exitCode == ExitCodes.BadInput ? ModuleReason.NotWasm : ModuleReason.CompileFailed,
                message.StartsWith(_prefix, StringComparison.Ordinal) ? message[_prefix.Length..] : message),
        };
    }

    private static void End(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It has ended by itself meanwhile.
        }
    }
}
