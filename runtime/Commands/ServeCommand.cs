using System.CommandLine;
using Wagi.Bindle.Errors;
using Wagi.Hosting.CommandLine;
using Wagi.Hosting.Supervision;
using Wagi.Runtime.Composition;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi serve</c>, and plain <c>wagi</c> with the same options.</summary>
internal sealed class ServeCommand
{
    private readonly ServeArguments _arguments = new();

    /// <summary>The command <c>serve</c>.</summary>
    public Command Create()
    {
        var command = new Command("serve", "Serve modules over HTTP: those of a modules.toml or of a bindle, or a single one.");
        command.Arguments.Add(_arguments.Argument);
        AddTo(command);
        return command;
    }

    /// <summary>Gives a command the options and the action of <c>serve</c>.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in _arguments.Options)
        {
            command.Options.Add(option);
        }

        command.SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        ServeOptions options;
        try
        {
            options = _arguments.Read(arguments);
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(exception);
        }

        using var signals = new StopSignals(cancellationToken);
        using var loggers = LoggerFactory.Create(options.Log.Configure);
        try
        {
            await using var server = new WagiServer(options, loggers);
            await server.RunAsync(signals.Token);
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is IOException or BindleException or LoopEndedException)
        {
            return await ExitCodes.FailAsync(exception.Message);
        }
    }
}
