using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Oci.Remote;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Composition;

namespace Wagi.Runtime.Commands;

/// <summary>What every command takes that loads the modules of a <c>modules.toml</c>, to serve them or to look at them.</summary>
internal sealed class LoaderArguments(EnvironmentArguments environment)
{
    private readonly RegistryArguments _registry = new();

    private readonly Option<string> _moduleCache = new("--module-cache")
    {
        Description = "Folder of the node-local cache: pulled modules and their native code.",
        HelpName = "DIR",
        DefaultValueFactory = _ => CacheOptions.DefaultDirectory(),
    };

    /// <summary>Bindles, and where they come from.</summary>
    public BindleArguments Bindle { get; } = new();

    /// <summary>The options, without those of <see cref="Bindle"/>.</summary>
    public IEnumerable<Option> Options => [.. environment.Options, _moduleCache, _registry.Option];

    /// <summary>What the arguments say.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="baseDirectory">Absolute path of the folder that relative module paths start at.</param>
    /// <exception cref="UsageException">One of them is wrong.</exception>
    public LoaderOptions Read(ParseResult arguments, string baseDirectory) => new()
    {
        BaseDirectory = baseDirectory,
        Cache = new CacheOptions(Path.GetFullPath(arguments.GetValue(_moduleCache)!), CacheOptions.DefaultMaxBytes),
        Environment = environment.Read(arguments),
        InsecureRegistries = _registry.Read(arguments),
        BindleServer = Bindle.ReadServer(arguments),
        BindleCredentials = Bindle.ReadCredentials(arguments),
    };
}

/// <summary>What every command takes that talks to a registry.</summary>
internal sealed class RegistryArguments
{
    private readonly Option<string[]> _insecure = new("--insecure-registry")
    {
        Description = "Registry that is spoken to over plain HTTP; loopback always is. May be repeated.",
        HelpName = "HOST[:PORT]",
    };

    /// <summary>The option, to be added to a command.</summary>
    public Option Option => _insecure;

    /// <summary>Registries that are spoken to over plain HTTP.</summary>
    public IReadOnlyCollection<string> Read(ParseResult arguments) => arguments.GetValue(_insecure) ?? [];

    /// <summary>A client as the arguments want it.</summary>
    public RegistryClient CreateClient(ParseResult arguments) => new(new RegistryClientOptions { InsecureRegistries = Read(arguments) });
}
