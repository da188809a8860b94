using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.Resources;

namespace Wagi.Operator.Commands;

/// <summary>The command line of <c>wagi-operator</c>.</summary>
internal static class RootCommandFactory
{
    private const string Program = "wagi-operator";

    /// <summary>The root: a command for each thing to do.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand("Serves WagiModules: turns them into modules.toml for the runtimes and reports what is really served.");
        root.Subcommands.Add(new RunCommand().Create());
        root.Subcommands.Add(new RenderCommand().Create());
        root.Subcommands.Add(new CrdsCommand().Create());
        root.Subcommands.Add(new RbacCommand().Create());
        new CompletionCommands(Program).AddTo(root);
        new ManualPages(Program).AddTo(root);
        return root;
    }
}
