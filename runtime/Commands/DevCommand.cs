using System.CommandLine;
using System.Runtime.InteropServices;
using Wagi.Hosting.CommandLine;
using Wagi.Hosting.Supervision;
using Wagi.Runtime.Access;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Development;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi dev [DIR]</c>.</summary>
internal sealed class DevCommand
{
    /// <summary>Nobody waits for a request that is in flight when the programmer ends the program.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(1);

    private readonly ServeArguments _serve = new();

    private readonly Argument<string> _folder = new("DIR")
    {
        Description = "The project: a folder with a modules.toml, as 'wagi new' makes it.",
        DefaultValueFactory = _ => ".",
    };

    public Command Create()
    {
        var command = new Command(
            "dev",
            """
            Build a project and serve it, again whenever a file of it changes. Shows each request, what modules write to stderr, and what went wrong.

            The build command is what [dev] of its modules.toml says, or else what its Makefile, Cargo.toml, go.mod, package.json or build.zig stands for.
            On a terminal, o opens the console, r builds again, q quits. The options of 'wagi serve' that concern requests and modules work here too.
            """);
        command.Arguments.Add(_folder);
        foreach (var option in _serve.OptionsOfProject)
        {
            command.Options.Add(option);
        }

        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var error = arguments.InvocationConfiguration.Error;
        try
        {
            var folder = arguments.GetRequiredValue(_folder);
            var project = DevProject.Read(folder);
            var options = _serve.Read(arguments, ModulesOrigin.OfConfiguration(Path.Combine(folder, DevProject.ConfigurationFile)));
            var isTerminal = ReferenceEquals(error, Console.Error) && ProgressDisplay.IsErrorATerminal;
            var terminal = new DevTerminal(error, isTerminal, ProgressDisplay.HasColors(error), TimeProvider.System);
            using var signals = new StopSignals(cancellationToken, PosixSignal.SIGHUP);
            using var session = new DevSession(
                folder, project,
                options with
                {
                    AccessLog = options.AccessLog with { Mode = AccessLogMode.All },
                    ShutdownTimeout = ShutdownTimeout,

                    // In this process, which spares the start of another: whoever wrote the module may wait for it.
                    Loader = options.Loader with { Compiler = null, Engine = options.Loader.Engine with { ReadsDebugInfo = true } },
                },
                terminal);
            if (ReferenceEquals(error, Console.Error) && TerminalKeys.AreThere)
            {
                terminal.Say("keys: o opens the console, r builds again, q quits");
                TerminalKeys.Read(session.Press);
            }

            await session.RunAsync(signals.Token);
            return ExitCodes.Success;
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }
        catch (Exception exception) when (exception is IOException or LoopEndedException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }
}
