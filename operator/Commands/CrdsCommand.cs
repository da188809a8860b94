using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.Yaml;
using Wagi.Operator.Crds;

namespace Wagi.Operator.Commands;

/// <summary><c>wagi-operator crds</c>.</summary>
internal sealed class CrdsCommand
{
    private const string Header = "# Generated from lib/Wagi.Kubernetes/Resources by `make crds`; do not edit.\n";

    private readonly Option<DirectoryInfo?> _output = new("--output", "-o")
    {
        Description = "Folder to write a file for each of them to. Default: standard output.",
        HelpName = "DIR",
    };

    private readonly Option<DirectoryInfo?> _reference = new("--reference")
    {
        Description = "Write the reference of the fields to this folder, in Markdown, instead.",
        HelpName = "DIR",
    };

    /// <summary>The file of one resource.</summary>
    public static string Text(CustomResource resource) => Header + YamlWriter.Write(CrdGenerator.Generate(resource));

    /// <summary>The command <c>crds</c>.</summary>
    public Command Create()
    {
        var command = new Command("crds", "Print the CustomResourceDefinitions of this version: wagi-operator crds | kubectl apply -f -");
        command.Options.Add(_output);
        command.Options.Add(_reference);
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult arguments)
    {
        if (arguments.GetValue(_reference) is { } reference)
        {
            Write(reference, resource => ReferencePage.FileName(resource), ReferencePage.Text);
        }
        else if (arguments.GetValue(_output) is { } directory)
        {
            Write(directory, resource => resource.FileName, Text);
        }
        else
        {
            arguments.InvocationConfiguration.Output.Write(
                Header + string.Join("---\n", CrdGenerator.All.Select(resource => YamlWriter.Write(CrdGenerator.Generate(resource)))));
        }

        return ExitCodes.Success;
    }

    private static void Write(DirectoryInfo directory, Func<CustomResource, string> name, Func<CustomResource, string> text)
    {
        directory.Create();
        foreach (var resource in CrdGenerator.All)
        {
            File.WriteAllText(Path.Combine(directory.FullName, name(resource)), text(resource));
        }
    }
}
