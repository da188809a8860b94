using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Problems;
using Wagi.Runtime.Cluster;

namespace Wagi.Runtime.Commands;

/// <summary><c>kubectl wagi why NAME</c>.</summary>
internal sealed class WhyCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The WagiModule." };
    private readonly ClusterArguments _cluster = new();

    public Command Create()
    {
        var command = new Command("why", "Explain why a WagiModule is ready or not: its conditions, what to do about each, and what happened last.");
        command.Arguments.Add(_name);
        foreach (var option in _cluster.Options)
        {
            command.Options.Add(option);
        }

        command.SetAction((arguments, cancellationToken) => _cluster.RunAsync(arguments, async (client, @namespace) =>
        {
            var store = new ModuleStore(client);
            var key = new ObjectKey(@namespace, arguments.GetRequiredValue(_name));
            if (await store.FindAsync(key, cancellationToken) is not { } module)
            {
                var others = await store.ListAsync(@namespace, cancellationToken);
                var nearest = NearestName.Of(key.Name, others.Select(other => other.Key.Name));
                throw new ClusterException(
                    $"there is no WagiModule '{key.Name}' in namespace '{@namespace}'{(nearest is null ? ": kubectl get wagimodules --all-namespaces lists them" : $"; did you mean '{nearest}'?")}");
            }

            var events = await store.EventsAsync(key, cancellationToken);
            await arguments.InvocationConfiguration.Output.WriteAsync(Explanation.Of(module, events, DateTimeOffset.UtcNow));
            return ExitCodes.Success;
        }));
        return command;
    }
}
