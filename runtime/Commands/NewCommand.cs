using System.CommandLine;
using System.Text.RegularExpressions;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Problems;
using Wagi.Runtime.Templates;

namespace Wagi.Runtime.Commands;

/// <summary><c>wagi new LANGUAGE NAME</c>.</summary>
internal sealed partial class NewCommand
{
    private static readonly string Languages = string.Join(", ", ProjectTemplate.All.Select(template => template.Id));

    private readonly Argument<string> _language = new("LANGUAGE") { Description = $"One of {Languages}." };
    private readonly Argument<string> _name = new("NAME") { Description = "The folder to make; its name is the module's." };

    public Command Create()
    {
        var command = new Command("new", "Begin a project: a handler, its modules.toml and WagiModule, and a Makefile that builds, serves and tests it.");
        _language.CompletionSources.Add([.. ProjectTemplate.All.Select(template => template.Id)]);
        command.Arguments.Add(_language);
        command.Arguments.Add(_name);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            var template = TemplateOf(arguments.GetRequiredValue(_language));
            var folder = arguments.GetRequiredValue(_name).TrimEnd('/');
            await WriteAsync(template, folder, NameOf(folder), arguments.InvocationConfiguration.Output, cancellationToken);
            foreach (var tool in (Toolchain[])[template.Toolchain, Toolchain.Make])
            {
                if (!tool.IsThere())
                {
                    await arguments.InvocationConfiguration.Error.WriteLineAsync($"{ExitCodes.Program}: missing is {tool.Description}: {tool.Install}");
                }
            }

            return ExitCodes.Success;
        }
        catch (UsageException exception)
        {
            return await ExitCodes.UsageAsync(arguments, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    private static async Task WriteAsync(
        ProjectTemplate template, string folder, string name, TextWriter output, CancellationToken cancellationToken)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            throw new UsageException($"'{folder}' is there already, and not an empty folder");
        }

        Directory.CreateDirectory(folder);
        foreach (var (path, text) in template.Files(name))
        {
            await File.WriteAllTextAsync(Path.Combine(folder, path), text, cancellationToken);
        }

        await output.WriteLineAsync(
            $"""
            {folder}: a handler in {template.Language}, in {template.Source}. Then:

              cd {folder}
              wagi dev      {(template.IsText ? "" : "build it and ")}serve it on http://127.0.0.1:3000/{name}, again whenever you change it{(template.IsText ? "" : "\n  make          compile it")}
              make test     have it answer a request
            """);
    }

    private static ProjectTemplate TemplateOf(string language)
    {
        if (ProjectTemplate.All.FirstOrDefault(template => template.Id.Equals(language, StringComparison.OrdinalIgnoreCase)) is { } found)
        {
            return found;
        }

        var nearest = NearestName.Of(language, ProjectTemplate.All.Select(template => template.Id));
        throw new UsageException($"there is no template for '{language}'{(nearest is null ? "" : $"; did you mean '{nearest}'?")} (there is one for {Languages})");
    }

    /// <summary>One name for folder, module, route and WagiModule (RFC 1123 label).</summary>
    private static string NameOf(string folder)
    {
        var name = Path.GetFileName(folder);
        return Label().IsMatch(name)
            ? name
            : throw new UsageException($"'{name}' cannot be a module's name: up to 63 lower-case letters, digits and hyphens, a letter first and no hyphen last");
    }

    [GeneratedRegex(@"\A[a-z]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex Label();
}
