using System.CommandLine;

namespace Wagi.Runtime.Commands;

/// <summary>The command line of <c>kubectl wagi</c>: the same program under the name by which kubectl finds its plugins.</summary>
internal static class KubectlCommandFactory
{
    /// <summary>The name of the program.</summary>
    public const string ProgramName = "kubectl-wagi";

    /// <summary>The root: what concerns a cluster, and nothing else.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand(
            """
            Looks at the WagiModules of a cluster.

            Examples:
              kubectl wagi status -A                    how all of them stand
              kubectl wagi why hello                    why one is not ready, and what to do
              kubectl wagi routes                       which route leads where
              kubectl wagi tail hello                   what the runtimes log about one
              kubectl wagi deploy hello.wasm ghcr.io/me/hello:v1 --route /hello
            """);
        root.Subcommands.Add(new StatusCommand().Create());
        root.Subcommands.Add(new WhyCommand().Create());
        root.Subcommands.Add(new ClusterRoutesCommand().Create());
        root.Subcommands.Add(new TailCommand().Create());
        root.Subcommands.Add(new DeployCommand().Create());
        return root;
    }
}
