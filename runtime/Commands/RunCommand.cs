using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Limits;
using Wagi.Modules.Network;
using Wagi.Modules.Sources;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Logs;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sources;
using Wagi.Runtime.Wasi;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi run FILE [-- ARGS]</c>, and with <c>--path</c> and the like as a request.</summary>
/// <param name="streams">What the guest's descriptors 0, 1 and 2 lead to.</param>
internal sealed class RunCommand(StandardStreams streams)
{
    /// <summary>As a shell says it of a program that aborted (128 + SIGABRT).</summary>
    public const int Trapped = 134;

    /// <summary>As timeout(1) says it.</summary>
    public const int TimedOut = 124;

    // Failed HTTP requests that are told of, per second.
    private const int LinesPerSecond = 100;

    private readonly RunArguments _arguments = new();

    public Command Create()
    {
        var command = new Command(
            "run",
            $"""
            Run a module once, in the sandbox that requests run in: stdin to stdout, its stderr to stderr.
            Ends with the module's exit code; {Trapped} when it traps, {TimedOut} when its time is up.

            With --path, --method, --query, --header, --body, --replay or --record it answers a request, and what a client would see is printed: the body, with -i also status and headers.
            """);
        _arguments.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        RunOptions options;
        try
        {
            options = _arguments.Read(arguments, streams.Input);
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }

        try
        {
            return options.Request is { } request
                ? await new RequestSender(options, arguments, streams).SendAsync(request, cancellationToken)
                : await RunAsync(arguments, options, cancellationToken);
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }
        catch (Exception exception) when (exception is GuestLoadException or ModuleSourceException)
        {
            return await ExitCodes.FailAsync(arguments, $"{options.Origin.Name}: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    private async Task<int> RunAsync(ParseResult arguments, RunOptions options, CancellationToken cancellationToken)
    {
        var content = await ReadAsync(options, cancellationToken);
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 1 });
        using var guest = GuestEngine.IsNativeCode(content)
            ? engine.LoadPrecompiled(content)
            : engine.Load(Compile(arguments, engine, options.Origin.Name, content));
        using var metrics = new RequestMetrics();
        using var outbound = new OutboundClient(new AddressGuard(new AddressRules { Own = OwnAddresses.ByName }, options.Loader.Trust));
        using var input = new ReportingStream(streams.Input, "stdin cannot be read");
        using var output = new ReportingStream(streams.Output, "stdout cannot be written to");
        using var errors = new ReportingStream(streams.Error, "stderr cannot be written to");
        var process = new GuestRun
        {
            StdinStream = input,
            Stdout = new StreamOutput(output),
            Stderr = new StreamOutput(errors),
            Timeout = options.Timeout,
            MemoryLimit = options.MemoryLimit,
            Files = options.Volumes is { } volumes ? new GuestFiles(engine, volumes) : null,
        };
        new OutboundAccess(
            options.Origin.Name, tenant: "", options.AllowedHosts, outbound, new OutboundLimits(), metrics.Outbound,
            new BudgetedLogger(
                new LineLogger(arguments.InvocationConfiguration.Error), options.Origin.Name, new LineBudget(LinesPerSecond, TimeProvider.System))).Grant(process);
        foreach (var argument in options.Arguments)
        {
            process.Arguments.Add(argument);
        }

        foreach (var (name, value) in options.Environment)
        {
            process.Environment.Add($"{name}={value}");
        }

        process.Configuration = process.Environment;

        guest.Check(options.Entrypoint, hasFiles: process.Files is not null);
        var result = guest.Run(process, options.Entrypoint);
        await streams.Output.FlushAsync(cancellationToken);
        return await ReportAsync(arguments, result, process, input.Failure ?? output.Failure ?? errors.Failure);
    }

    private static async Task<byte[]> ReadAsync(RunOptions options, CancellationToken cancellationToken)
    {
        if (options.Origin.Module is { Scheme: ModuleScheme.File })
        {
            return await ModuleFile.ReadAsync(options.Origin.Name, cancellationToken);
        }

        using var loading = new LoaderScope(options.Loader, ProgressDisplay.None, NullLoggerFactory.Instance);
        using var content = await loading.Loader.FindAsync(options.Origin.Read("", options.Origin.Name).Entries[0], cancellationToken);
        await using var wasm = await content.OpenAsync(cancellationToken);
        using var bytes = new MemoryStream();
        await wasm.CopyToAsync(bytes, cancellationToken);
        return bytes.ToArray();
    }

    private static byte[] Compile(ParseResult arguments, GuestEngine engine, string file, byte[] content)
    {
        using var progress = ProgressDisplay.ForCommand(arguments);
        using var item = progress.Begin($"compiling {file}");
        return engine.Compile(content);
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
internal sealed class LineLogger(TextWriter output, LogLevel least = LogLevel.Information) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            output.WriteLine(formatter(state, exception));
        }
    }
}
