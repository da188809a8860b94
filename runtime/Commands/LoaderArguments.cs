using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Network;
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

    /// <summary>Those that say what modules find in their environment.</summary>
    public IEnumerable<Option> EnvironmentOptions => environment.Options;

    /// <summary>The options, without those of <see cref="Bindle"/>.</summary>
    public IEnumerable<Option> Options => [.. environment.Options, _moduleCache, .. _registry.Options];

    /// <summary>What the arguments say.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="baseDirectory">Absolute path of the folder that relative module paths start at.</param>
    /// <exception cref="UsageException">One of them is wrong.</exception>
    public LoaderOptions Read(ParseResult arguments, string baseDirectory) => new()
    {
        BaseDirectory = baseDirectory,
        Cache = new CacheOptions(Path.GetFullPath(arguments.GetValue(_moduleCache)!), CacheOptions.DefaultMaxBytes),
        Environment = environment.Read(arguments),
        InsecureRegistries = _registry.ReadInsecure(arguments),
        Trust = _registry.ReadTrust(arguments),
        BindleServer = Bindle.ReadServer(arguments),
        BindleTrust = Bindle.IsInsecure(arguments) ? CertificateTrust.Unchecked : _registry.ReadTrust(arguments),
        BindleCredentials = Bindle.ReadCredentials(arguments),
    };
}
