using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Limits;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Requests;
using Wagi.Runtime.Sandbox;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi run FILE [-- ARGS]</c>.</summary>
/// <param name="streams">What the guest's descriptors 0, 1 and 2 lead to.</param>
internal sealed class RunCommand(StandardStreams streams)
{
    /// <summary>As a shell says it of a program that aborted (128 + SIGABRT).</summary>
    public const int Trapped = 134;

    /// <summary>As timeout(1) says it.</summary>
    public const int TimedOut = 124;

    private readonly Argument<string> _file = new("FILE") { Description = "The module: Wasm, WebAssembly text, or what 'wagi compile' wrote." };

    private readonly Argument<string[]> _arguments = new("ARGS")
    {
        Description = "Arguments for the module, after '--'; FILE comes before them.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string[]> _env = new("--env", "-e")
    {
        Description = "Environment variable for the module, which sees no others; may be repeated.",
        HelpName = "KEY=VALUE",
    };

    private readonly Option<string[]> _envFile = new("--env-file")
    {
        Description = "File with one KEY=VALUE a line; may be repeated.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _entrypoint = new("--entrypoint")
    {
        Description = $"Exported function to call instead of {Guest.DefaultEntrypoint}.",
        HelpName = "NAME",
    };

    private readonly Option<string> _timeout = new("--timeout")
    {
        Description = "How long it may run.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => Duration.Format(new HandlerDefaults().Timeout),
    };

    private readonly Option<string> _memoryLimit = new("--memory-limit")
    {
        Description = "Memory that it may use.",
        HelpName = "SIZE",
        DefaultValueFactory = _ => ByteSize.Format(new HandlerDefaults().MemoryLimit),
    };

    private readonly Option<string> _wasi = new("--wasi")
    {
        Description = "What the module gets of WASI preview 1; stdio: descriptors 0, 1 and 2, clocks, random numbers, arguments, environment.",
        HelpName = "stdio",
        DefaultValueFactory = _ => "stdio",
    };

    private readonly Option<string[]> _volume = new("--volume")
    {
        Description = "Refused: this version gives a module no files.",
        HelpName = "GUEST=HOST",
        Hidden = true,
    };

    public Command Create()
    {
        _wasi.AcceptOnlyFromAmong("stdio");
        var command = new Command(
            "run",
            $"""
            Run a module once, in the sandbox that requests run in: stdin to stdout, its stderr to stderr.

            Ends with the module's exit code; {Trapped} when it traps, {TimedOut} when its time is up.
            """);
        command.Arguments.Add(_file);
        command.Arguments.Add(_arguments);
        Option[] options = [_env, _envFile, _entrypoint, _timeout, _memoryLimit, _wasi, _volume];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellation)
    {
        var file = arguments.GetRequiredValue(_file);
        try
        {
            var process = CreateProcess(arguments, file);
            var content = await File.ReadAllBytesAsync(file, cancellation);
            using var engine = new SandboxEngine(new SandboxOptions { MaxInstances = 1 });
            using var guest = SandboxEngine.IsNativeCode(content) ? engine.LoadPrecompiled(content) : engine.Load(Compile(arguments, engine, file, content));
            var entrypoint = arguments.GetValue(_entrypoint);
            guest.Check(entrypoint);
            var result = guest.Run(process, entrypoint);
            await streams.Output.FlushAsync(cancellation);
            return await ReportAsync(arguments, result, process);
        }
        catch (UsageException error)
        {
            return await ExitCodes.UsageAsync(arguments, error);
        }
        catch (SandboxException error)
        {
            return await ExitCodes.FailAsync(arguments, $"{file}: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, error.Message);
        }
    }

    private static byte[] Compile(ParseResult arguments, SandboxEngine engine, string file, byte[] content)
    {
        using var progress = ProgressDisplay.ForCommand(arguments);
        using var item = progress.Begin($"compiling {file}");
        return engine.Compile(content);
    }

    private GuestProcess CreateProcess(ParseResult arguments, string file)
    {
        if (arguments.GetValue(_volume) is { Length: > 0 })
        {
            throw new UsageException(
                "--volume: this version gives a module no files, only descriptors 0, 1 and 2; hand it what it needs on stdin or with --env");
        }

        var process = new GuestProcess
        {
            StdinStream = streams.Input,
            Stdout = new StreamOutput(streams.Output),
            Stderr = new StreamOutput(streams.Error),
            Timeout = Arguments.ReadDuration(arguments, _timeout),
            MemoryLimit = Arguments.ReadSize(arguments, _memoryLimit),
        };
        process.Arguments.Add(file);
        foreach (var argument in arguments.GetValue(_arguments) ?? [])
        {
            process.Arguments.Add(argument);
        }

        foreach (var (name, value) in EnvironmentArguments.Read(arguments.GetValue(_envFile) ?? [], arguments.GetValue(_env) ?? []))
        {
            process.Environment.Add($"{name}={value}");
        }

        return process;
    }

    private static async Task<int> ReportAsync(ParseResult arguments, GuestResult result, GuestProcess process)
    {
        var (code, message) = result.Outcome switch
        {
            GuestOutcome.Completed or GuestOutcome.Failed => (result.ExitCode, null),
            GuestOutcome.Trapped => (Trapped, $"the module trapped: {result.Message}"),
            GuestOutcome.DeadlineExceeded => (
                TimedOut, $"the module did not end within {Duration.Format(process.Timeout)}; --timeout gives it longer"),
            GuestOutcome.NotStarted => (ExitCodes.Failure, $"the module cannot be started: {result.Message}"),
            _ => (ExitCodes.Failure, process.Failure is { } failure ? $"stdin cannot be read: {failure.Message}" : "nobody reads its output any more"),
        };
        if (message is not null)
        {
            await ExitCodes.FailAsync(arguments, message);
        }

        return code;
    }
}
