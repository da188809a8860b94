using System.CommandLine;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Inspection;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Commands;

/// <summary>What the commands take that look at modules without serving them.</summary>
internal sealed class InspectionArguments
{
    private readonly Option<bool> _offline = new("--offline")
    {
        Description = "Load modules from files only, and take the others as they are.",
    };

    private readonly ModulesArguments _modules = new();

    private readonly LoaderArguments _loader = new(
        new EnvironmentArguments("Environment variable for every module, which _routes() may read; may be repeated."));

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_modules.Argument);
        foreach (var option in (Option[])[_modules.Option, _offline, .. _loader.Options, .. _loader.Bindle.ServerOptions])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Inspects what the arguments name, as they want it.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="notesOrder">Whether to point out where WAGI would give requests to another module.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="UsageException">There is no such thing, or an option is wrong.</exception>
    /// <exception cref="IOException">A file cannot be read, or the cache cannot be used.</exception>
    public async Task<InspectionResult> InspectAsync(ParseResult arguments, bool notesOrder, CancellationToken cancellationToken)
    {
        var origin = _modules.Read(arguments);
        var toml = origin.ConfigurationPath is { } path ? await File.ReadAllTextAsync(path, Encoding.UTF8, cancellationToken) : "";
        var read = origin.Read(toml, origin.Name);
        var options = _loader.Read(arguments, origin.BaseDirectory) with
        {
            Engine = new GuestEngineOptions { MaxInstances = Environment.ProcessorCount },
        };
        using var loading = new LoaderScope(options, ProgressDisplay.None, NullLoggerFactory.Instance);
        return await new ModuleInspector(loading.Loader, arguments.GetValue(_offline), notesOrder).InspectAsync(read, cancellationToken);
    }
}
