using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.ApiServer;
using Wagi.Runtime.Cluster;

namespace Wagi.Runtime.Commands;

/// <summary>What every command takes that talks to a cluster; the names are kubectl's.</summary>
internal sealed class ClusterArguments
{
    /// <summary>Who owns the fields that are applied.</summary>
    private const string FieldManager = "wagi";

    private readonly Option<string?> _namespace = new("--namespace", "-n")
    {
        Description = "Namespace. Default: the context's, else default.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _context = new("--context")
    {
        Description = "Context of the kubeconfig. Default: its current one.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _kubeconfig = new("--kubeconfig")
    {
        Description = "Kubeconfig file. Default: the files of KUBECONFIG, else the pod's service account, else ~/.kube/config.",
        HelpName = "FILE",
    };

    /// <summary>The options, to be added to a command.</summary>
    public IEnumerable<Option> Options => [_namespace, _context, _kubeconfig];

    /// <summary>The namespace that the arguments name; null: none.</summary>
    public string? ReadNamespace(ParseResult arguments) => arguments.GetValue(_namespace);

    /// <summary>Runs a command that does nothing but talk to a cluster.</summary>
    /// <param name="arguments">Which cluster.</param>
    /// <param name="run">Gets the API server and the namespace to work in.</param>
    public async Task<int> RunAsync(ParseResult arguments, Func<ApiServerClient, string, Task<int>> run)
    {
        try
        {
            var (client, @namespace) = Connect(arguments);
            using (client)
            {
                return await run(client, @namespace);
            }
        }
        catch (Exception exception) when (exception is ClusterException or KubeconfigException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    /// <summary>The API server, and the namespace to work in.</summary>
    /// <exception cref="KubeconfigException">There is no way to it.</exception>
    public (ApiServerClient Client, string Namespace) Connect(ParseResult arguments)
    {
        var configuration = Kubeconfig.Load(arguments.GetValue(_kubeconfig), arguments.GetValue(_context));
        var @namespace = ReadNamespace(arguments) ?? (string.IsNullOrEmpty(configuration.Namespace) ? "default" : configuration.Namespace);
        return (new ApiServerClient(FieldManager, configuration), @namespace);
    }
}
