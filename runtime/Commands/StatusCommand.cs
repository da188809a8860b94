using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Cluster;

namespace Wagi.Runtime.Commands;

/// <summary><c>kubectl wagi status</c>.</summary>
internal sealed class StatusCommand
{
    private readonly ClusterArguments _cluster = new();

    private readonly Option<bool> _all = new("--all-namespaces", "-A") { Description = "Those of every namespace." };

    public Command Create()
    {
        var command = new Command("status", "Print how the WagiModules of a namespace stand.");
        command.Options.Add(_all);
        foreach (var option in _cluster.Options)
        {
            command.Options.Add(option);
        }

        command.SetAction((arguments, cancellationToken) => _cluster.RunAsync(arguments, async (client, @namespace) =>
        {
            var all = arguments.GetValue(_all);
            var modules = await new ModuleStore(client).ListAsync(all ? null : @namespace, cancellationToken);
            if (modules.Count == 0)
            {
                await arguments.InvocationConfiguration.Error.WriteLineAsync($"there are no WagiModules{(all ? "" : $" in namespace '{@namespace}'")}");
                return ExitCodes.Success;
            }

            await arguments.InvocationConfiguration.Output.WriteLineAsync(TextTable.Write(ModuleTables.Status(modules, all)));
            return ExitCodes.Success;
        }));
        return command;
    }
}
