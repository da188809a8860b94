using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Operator.Rbac;

namespace Wagi.Operator.Commands;

/// <summary><c>wagi-operator rbac</c>.</summary>
internal sealed class RbacCommand
{
    private readonly Option<DirectoryInfo?> _output = new("--output", "-o")
    {
        Description = $"Folder to write {RbacGenerator.FileName} to. Default: standard output.",
        HelpName = "DIR",
    };

    /// <summary>The command <c>rbac</c>.</summary>
    public Command Create()
    {
        var command = new Command("rbac", "Print the ClusterRole and the Role that this version needs.");
        command.Options.Add(_output);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult arguments)
    {
        if (arguments.GetValue(_output) is not { } directory)
        {
            arguments.InvocationConfiguration.Output.Write(RbacGenerator.Text());
            return ExitCodes.Success;
        }

        directory.Create();
        File.WriteAllText(Path.Combine(directory.FullName, RbacGenerator.FileName), RbacGenerator.Text());
        return ExitCodes.Success;
    }
}
