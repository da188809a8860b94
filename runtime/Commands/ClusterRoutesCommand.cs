using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.Resources;
using Wagi.Runtime.Cluster;

namespace Wagi.Runtime.Commands;

/// <summary><c>kubectl wagi routes</c>: what <c>wagi routes</c> is for a file, for a cluster.</summary>
internal sealed class ClusterRoutesCommand
{
    private readonly ClusterArguments _cluster = new();

    public Command Create()
    {
        var command = new Command(
            "routes", "Print which route leads to which WagiModule, the most specific first: those of every namespace, or of one, when you may not list all.");
        foreach (var option in _cluster.Options)
        {
            command.Options.Add(option);
        }

        command.SetAction((arguments, cancellationToken) => _cluster.RunAsync(arguments, async (client, @namespace) =>
        {
            var modules = await ListAsync(arguments, new ModuleStore(client), @namespace, cancellationToken);
            await arguments.InvocationConfiguration.Output.WriteLineAsync(TextTable.Write(ModuleTables.Routes(modules)));
            return ExitCodes.Success;
        }));
        return command;
    }

    private async Task<IReadOnlyList<WagiModule>> ListAsync(ParseResult arguments, ModuleStore store, string @namespace, CancellationToken cancellationToken)
    {
        if (_cluster.ReadNamespace(arguments) is not null)
        {
            return await store.ListAsync(@namespace, cancellationToken);
        }

        try
        {
            return await store.ListAsync(null, cancellationToken);
        }
        catch (ClusterException exception) when (exception.IsForbidden)
        {
            await arguments.InvocationConfiguration.Error.WriteLineAsync(
                $"you may not list the WagiModules of all namespaces: these are those of '{@namespace}'. Others may have routes that come before them.");
            return await store.ListAsync(@namespace, cancellationToken);
        }
    }
}
