using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Operator.Crds;
using Wagi.Operator.Yaml;

namespace Wagi.Operator.Commands;

/// <summary><c>wagi-operator crds</c>.</summary>
internal sealed class CrdsCommand
{
    private const string Header = "# Generated from operator/Resources by `make crds`; do not edit.\n";

    private readonly Option<DirectoryInfo?> _output = new("--output", "-o")
    {
        Description = $"Folder to write {CrdGenerator.FileName} to. Default: standard output.",
        HelpName = "DIR",
    };

    private readonly Option<FileInfo?> _reference = new("--reference")
    {
        Description = "Write the reference of the fields to this file, in Markdown, instead.",
        HelpName = "FILE",
    };

    /// <summary>What the command prints.</summary>
    public static string Text() => Header + YamlWriter.Write(CrdGenerator.Generate());

    /// <summary>The command <c>crds</c>.</summary>
    public Command Create()
    {
        var command = new Command("crds", "Print the CustomResourceDefinition of this version: wagi-operator crds | kubectl apply -f -");
        command.Options.Add(_output);
        command.Options.Add(_reference);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult arguments)
    {
        if (arguments.GetValue(_reference) is { } reference)
        {
            reference.Directory?.Create();
            File.WriteAllText(reference.FullName, ReferencePage.Text());
            return ExitCodes.Success;
        }

        if (arguments.GetValue(_output) is not { } directory)
        {
            arguments.InvocationConfiguration.Output.Write(Text());
            return ExitCodes.Success;
        }

        directory.Create();
        File.WriteAllText(Path.Combine(directory.FullName, CrdGenerator.FileName), Text());
        return ExitCodes.Success;
    }
}
