using System.Collections.Immutable;
using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Limits;
using Wagi.Modules.Outbound;
using Wagi.Modules.Volumes;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Logs;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi run FILE [-- ARGS]</c>.</summary>
/// <param name="streams">What the guest's descriptors 0, 1 and 2 lead to.</param>
internal sealed class RunCommand(StandardStreams streams)
{
    /// <summary>As a shell says it of a program that aborted (128 + SIGABRT).</summary>
    public const int Trapped = 134;

    /// <summary>As timeout(1) says it.</summary>
    public const int TimedOut = 124;

    private const string Stdio = "stdio";

    // Failed HTTP requests that are told of, per second.
    private const int LinesPerSecond = 100;

    private readonly Argument<string> _file = new("FILE") { Description = "The module: Wasm, WebAssembly text, or what 'wagi compile' wrote." };

    private readonly Argument<string[]> _arguments = new("ARGS")
    {
        Description = "Arguments for the module, after '--'; FILE comes before them.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly EnvironmentArguments _environment = new("Environment variable for the module, which sees no others; may be repeated.");

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

    private readonly Option<string?> _wasi = new("--wasi")
    {
        Description = "WASI preview 1 without files (stdio) or with (full). Default: full with --volume, else stdio, as for requests.",
        HelpName = "stdio|full",
    };

    private readonly Option<string[]> _volume = new("--volume")
    {
        Description = "Folder of the host that the module finds at GUEST; ':ro' makes it read-only. May be repeated.",
        HelpName = "GUEST=HOST[:ro]",
    };

    private readonly Option<string[]> _allowedHost = new("--allowed-host")
    {
        Description = $"Origin that the module's HTTP requests may go to, or {AllowedHost.AllowAll}. None: nothing is reachable. May be repeated.",
        HelpName = "URL",
    };

    public Command Create()
    {
        _wasi.AcceptOnlyFromAmong(Stdio, "full");
        var command = new Command(
            "run",
            $"""
            Run a module once, in the sandbox that requests run in: stdin to stdout, its stderr to stderr.

            Ends with the module's exit code; {Trapped} when it traps, {TimedOut} when its time is up.
            """);
        command.Arguments.Add(_file);
        command.Arguments.Add(_arguments);
        Option[] options = [.. _environment.Options, _entrypoint, _timeout, _memoryLimit, _wasi, _volume, _allowedHost];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var file = arguments.GetRequiredValue(_file);
        using var input = new ReportingStream(streams.Input, "stdin cannot be read");
        using var output = new ReportingStream(streams.Output, "stdout cannot be written to");
        using var errors = new ReportingStream(streams.Error, "stderr cannot be written to");
        try
        {
            var process = CreateProcess(arguments, file, new StandardStreams(input, output, errors));
            var volumes = ReadVolumes(arguments);
            var content = await ModuleFile.ReadAsync(file, cancellationToken);
            using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1 });
            using var guest = GuestEngine.IsNativeCode(content) ? engine.LoadPrecompiled(content) : engine.Load(Compile(arguments, engine, file, content));
            var entrypoint = arguments.GetValue(_entrypoint);
            using var metrics = new RequestMetrics();
            using var outbound = new OutboundClient();
            process.Files = volumes is { } mounted ? new GuestFiles(engine, mounted) : null;
            CreateOutbound(arguments, file, outbound, metrics).Grant(process);
            guest.Check(entrypoint, hasFiles: process.Files is not null);
            var result = guest.Run(process, entrypoint);
            await streams.Output.FlushAsync(cancellationToken);
            return await ReportAsync(arguments, result, process, input.Failure ?? output.Failure ?? errors.Failure);
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }
        catch (GuestLoadException exception)
        {
            return await ExitCodes.FailAsync(arguments, $"{file}: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    private static byte[] Compile(ParseResult arguments, GuestEngine engine, string file, byte[] content)
    {
        using var progress = ProgressDisplay.ForCommand(arguments);
        using var item = progress.Begin($"compiling {file}");
        return engine.Compile(content);
    }

    private GuestRun CreateProcess(ParseResult arguments, string file, StandardStreams leadTo)
    {
        var process = new GuestRun
        {
            StdinStream = leadTo.Input,
            Stdout = new StreamOutput(leadTo.Output),
            Stderr = new StreamOutput(leadTo.Error),
            Timeout = Arguments.ReadDuration(arguments, _timeout),
            MemoryLimit = Arguments.ReadSize(arguments, _memoryLimit),
        };
        process.Arguments.Add(file);
        foreach (var argument in arguments.GetValue(_arguments) ?? [])
        {
            process.Arguments.Add(argument);
        }

        foreach (var (name, value) in _environment.Read(arguments))
        {
            process.Environment.Add($"{name}={value}");
        }

        return process;
    }

    /// <summary>The volumes; null for WASI without files.</summary>
    private ImmutableArray<Volume>? ReadVolumes(ParseResult arguments)
    {
        var texts = arguments.GetValue(_volume) ?? [];
        var wasi = arguments.GetValue(_wasi);
        if (wasi == Stdio && texts.Length > 0)
        {
            throw new UsageException("--volume needs --wasi full, which is what it switches on; leave out --wasi stdio");
        }

        return texts.Length == 0 && wasi is null or Stdio ? null : [.. texts.Select(ReadVolume)];
    }

    private static Volume ReadVolume(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0)
        {
            throw new UsageException($"--volume '{text}' is not GUEST=HOST, such as /data=./data or /data=./data:ro");
        }

        if (!Volume.TryParse(text[..equals], text[(equals + 1)..], out var volume, out var error))
        {
            throw new UsageException($"--volume '{text}': {error}");
        }

        var found = volume.In(Environment.CurrentDirectory);
        return Directory.Exists(found.HostPath) ? found : throw new UsageException($"--volume '{text}': there is no folder '{found.HostPath}'");
    }

    private OutboundAccess CreateOutbound(ParseResult arguments, string file, OutboundClient client, RequestMetrics metrics)
    {
        var hosts = (arguments.GetValue(_allowedHost) ?? []).Select(text => AllowedHost.TryParse(text, out var host, out var error)
            ? host
            : throw new UsageException($"--allowed-host: {error}"));
        return new OutboundAccess(
            file, [.. hosts], client, new OutboundLimits(), metrics.Outbound, new LineBudget(LinesPerSecond, TimeProvider.System),
            new LineLogger(arguments.InvocationConfiguration.Error));
    }

    private static async Task<int> ReportAsync(ParseResult arguments, GuestResult result, GuestRun process, string? streamFailure)
    {
        var (code, message) = result.Outcome switch
        {
            GuestOutcome.Completed or GuestOutcome.Failed => (result.ExitCode, null),
            GuestOutcome.Trapped => (Trapped, $"the module trapped: {result.Message}"),
            GuestOutcome.DeadlineExceeded => (
                TimedOut, $"the module did not end within {Duration.Format(process.Timeout)}; --timeout gives it longer"),
            GuestOutcome.NotStarted => (ExitCodes.Failure, $"the module cannot be started: {result.Message}"),
            _ => (ExitCodes.Failure, streamFailure ?? (process.Failure is { } failure ? $"the run failed: {failure.Message}" : "nobody reads its output any more")),
        };
        if (message is not null)
        {
            await ExitCodes.FailAsync(arguments, message);
        }

        return code;
    }
}

/// <summary>Prints what a command's parts would log, one line each, without time and level: it goes to a terminal.</summary>
internal sealed class LineLogger(TextWriter output) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            output.WriteLine(formatter(state, exception));
        }
    }
}
