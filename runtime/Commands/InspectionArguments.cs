using System.CommandLine;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Configuration;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Inspection;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Commands;

/// <summary>What the commands take that look at a configuration file without serving it.</summary>
internal sealed class InspectionArguments
{
    private readonly Option<bool> _offline = new("--offline")
    {
        Description = "Load modules from files only, and take the others as they are.",
    };

    private readonly LoaderArguments _loader = new(
        new EnvironmentArguments("Environment variable for every module, which _routes() may read; may be repeated."));

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_offline, .. _loader.Options, .. _loader.Bindle.ServerOptions])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Inspects a file as the arguments want it.</summary>
    /// <exception cref="UsageException">There is no such file, or an option is wrong.</exception>
    /// <exception cref="IOException">The file cannot be read, or the cache cannot be used.</exception>
    public async Task<InspectionResult> InspectAsync(ParseResult arguments, string file, CancellationToken cancellationToken)
    {
        if (!File.Exists(file))
        {
            throw new UsageException($"there is no file '{Path.GetFullPath(file)}'");
        }

        // Problems name the file as the user did, so that a terminal or an editor can follow them.
        var read = ModulesTomlReader.Read(await File.ReadAllTextAsync(file, Encoding.UTF8, cancellationToken), file);
        var options = _loader.Read(arguments, Path.GetDirectoryName(Path.GetFullPath(file))!) with
        {
            Engine = new GuestEngineOptions { MaxInstances = Environment.ProcessorCount },
        };
        using var loading = new LoaderScope(options, ProgressDisplay.None, NullLoggerFactory.Instance);
        return await new ModuleInspector(loading.Loader, arguments.GetValue(_offline)).InspectAsync(read, cancellationToken);
    }
}
