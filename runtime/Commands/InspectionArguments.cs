using System.CommandLine;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Configuration;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Inspection;
using Wagi.Runtime.Loading;

namespace Wagi.Runtime.Commands;

/// <summary>What the commands take that look at a configuration file without serving it.</summary>
internal sealed class InspectionArguments
{
    private readonly Option<bool> _offline = new("--offline")
    {
        Description = "Load modules from files only, and take the others as they are.",
    };

    private readonly Option<string[]> _env = new("--env", "-e")
    {
        Description = "Environment variable for every module, which _routes() may read; may be repeated.",
        HelpName = "KEY=VALUE",
    };

    private readonly Option<string[]> _envFile = new("--env-file")
    {
        Description = "File with one KEY=VALUE a line; may be repeated.",
        HelpName = "FILE",
    };

    private readonly Option<string> _moduleCache = new("--module-cache")
    {
        Description = "Folder of the node-local cache: pulled modules and their native code.",
        HelpName = "DIR",
        DefaultValueFactory = _ => CacheOptions.DefaultDirectory(),
    };

    private readonly Option<string[]> _insecureRegistry = new("--insecure-registry")
    {
        Description = "Registry that is spoken to over plain HTTP; loopback always is. May be repeated.",
        HelpName = "HOST[:PORT]",
    };

    private readonly BindleArguments _bindle = new();

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] options = [_offline, _env, _envFile, _moduleCache, _insecureRegistry, _bindle.ServerOption];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Inspects a file as the arguments want it.</summary>
    /// <exception cref="UsageException">There is no such file, or an option is wrong.</exception>
    /// <exception cref="IOException">The file cannot be read, or the cache not be used.</exception>
    public async Task<InspectionResult> InspectAsync(ParseResult arguments, string file, CancellationToken cancellation)
    {
        if (!File.Exists(file))
        {
            throw new UsageException($"there is no file '{Path.GetFullPath(file)}'");
        }

        // Problems name the file as the user did, so that a terminal or an editor can follow them.
        var read = ModulesTomlReader.Read(await File.ReadAllTextAsync(file, Encoding.UTF8, cancellation), file);
        var options = new LoaderOptions
        {
            BaseDirectory = Path.GetDirectoryName(Path.GetFullPath(file))!,
            Cache = new CacheOptions(Path.GetFullPath(arguments.GetValue(_moduleCache)!), CacheOptions.DefaultMaxBytes),
            Environment = EnvironmentArguments.Read(arguments.GetValue(_envFile) ?? [], arguments.GetValue(_env) ?? []),
            InsecureRegistries = arguments.GetValue(_insecureRegistry) ?? [],
            BindleServer = _bindle.ReadServer(arguments),
            Sandbox = new GuestEngineOptions { MaxInstances = Environment.ProcessorCount },
        };
        using var loading = new LoaderScope(options, NullLoggerFactory.Instance);
        return await new ModuleInspector(loading.Loader, arguments.GetValue(_offline)).InspectAsync(read, cancellation);
    }
}
