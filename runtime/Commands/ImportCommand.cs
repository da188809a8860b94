using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Configuration;
using Wagi.Modules.Problems;
using Wagi.Spin.Importing;
using Wagi.Spin.Manifests;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi import spin.toml</c>.</summary>
internal sealed class ImportCommand
{
    private const string Yaml = "yaml";

    private readonly Argument<string> _file = new("FILE") { Description = "The manifest of a Spin application: spin.toml, version 1 or 2." };

    private readonly Option<string> _format = new("--format")
    {
        Description = "What to write: a modules.toml to lie beside FILE, or WagiModules.",
        HelpName = "toml|yaml",
        DefaultValueFactory = _ => "toml",
    };

    private readonly Option<string?> _registry = new("--registry")
    {
        Description = "For WagiModules: where their modules are pushed, each to a repository below this one.",
        HelpName = "REGISTRY/REPOSITORY",
    };

    public Command Create()
    {
        _format.AcceptOnlyFromAmong("toml", Yaml);
        var command = new Command(
            "import", "Write the modules.toml, or the WagiModules, that do what a spin.toml does. What cannot be carried over is named; code 1 when a component is not.");
        command.Arguments.Add(_file);
        command.Options.Add(_format);
        command.Options.Add(_registry);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var file = arguments.GetRequiredValue(_file);
        var registry = arguments.GetValue(_registry)?.TrimEnd('/');
        if (arguments.GetValue(_format) == Yaml && string.IsNullOrEmpty(registry))
        {
            return await ExitCodes.UsageAsync(arguments, new UsageException("--format yaml needs --registry REGISTRY/REPOSITORY: a WagiModule names its module in a registry"));
        }

        try
        {
            var manifest = SpinManifestReader.Read(await File.ReadAllTextAsync(file, cancellationToken), file);
            var import = SpinImport.Of(manifest);
            await arguments.InvocationConfiguration.Output.WriteAsync(
                arguments.GetValue(_format) == Yaml
                    ? new WagiModuleWriter(registry!, manifest.Version.Length == 0 ? "latest" : manifest.Version).Write(import.Entries)
                    : ModulesTomlWriter.Write(import.Entries));
            var error = arguments.InvocationConfiguration.Error;
            var place = new SourceLocation(file, 0, 0);
            foreach (var problem in import.Remarks.Select(remark => new Problem(place, ProblemSeverity.Warning, remark))
                .Concat(import.Refused.Select(refused => new Problem(place, ProblemSeverity.Error, refused))))
            {
                await ProblemPrinter.PrintAsync(arguments, problem);
            }

            return import.Refused.IsEmpty ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (Exception exception) when (exception is FormatException or IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }
}
