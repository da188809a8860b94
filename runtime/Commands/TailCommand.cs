using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.ApiServer;
using Wagi.Runtime.Cluster;

namespace Wagi.Runtime.Commands;

/// <summary><c>kubectl wagi tail [NAME]</c>.</summary>
internal sealed class TailCommand
{
    private readonly Argument<string?> _name = new("NAME") { Description = "The WagiModule. Default: every line.", Arity = ArgumentArity.ZeroOrOne };
    private readonly ClusterArguments _cluster = new();

    private readonly Option<string> _runtimes = new("--runtimes")
    {
        Description = "Namespace of the runtime pods.",
        HelpName = "NAMESPACE",
        DefaultValueFactory = _ => "wagi-system",
    };

    private readonly Option<string> _selector = new("--selector", "-l")
    {
        Description = "Labels of the runtime pods.",
        HelpName = "KEY=VALUE,…",
        DefaultValueFactory = _ => "app.kubernetes.io/name=wagi-operator,app.kubernetes.io/component=runtime",
    };

    private readonly Option<int> _lines = new("--lines")
    {
        Description = "How many of the last lines of each pod's log are looked at first.",
        HelpName = "NUMBER",
        DefaultValueFactory = _ => 100,
    };

    private readonly Option<bool> _once = new("--no-follow") { Description = "End after the lines that are there, instead of waiting for more." };

    public Command Create()
    {
        var command = new Command("tail", "Print what all runtime pods log about a WagiModule, as it comes, each line with its pod. Needs the right to read those pods' logs.");
        command.Arguments.Add(_name);
        foreach (var option in (Option[])[.. _cluster.Options, _lines, _once, _runtimes, _selector])
        {
            command.Options.Add(option);
        }

        command.SetAction((arguments, cancellationToken) => _cluster.RunAsync(arguments, async (client, @namespace) =>
        {
            var id = arguments.GetValue(_name) is { } name ? new ObjectKey(@namespace, name).ToString() : null;
            var output = TextWriter.Synchronized(arguments.InvocationConfiguration.Output);
            var logs = new RuntimeLogs(client, arguments.GetRequiredValue(_runtimes), arguments.GetRequiredValue(_selector));
            await logs.ReadAsync(
                Math.Max(0, arguments.GetValue(_lines)),
                follows: !arguments.GetValue(_once),
                (pod, line) =>
                {
                    if (id is null || LogFilter.Concerns(line, id))
                    {
                        output.WriteLine($"{pod} {Terminal.OneLine(line)}");
                    }
                },
                cancellationToken);
            return ExitCodes.Success;
        }));
        return command;
    }
}
