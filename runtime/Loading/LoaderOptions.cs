using System.Net;
using Wagi.Runtime.Bindles;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Logs;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Loading;

/// <summary>What loading modules depends on, checked.</summary>
internal sealed record LoaderOptions
{
    /// <summary>Absolute path of the folder that relative module paths start at: that of the configuration file, where there is one.</summary>
    public required string BaseDirectory { get; init; }

    /// <summary>The node-local cache.</summary>
    public required CacheOptions Cache { get; init; }

    /// <summary>Environment variables for every module; an entry's own come before them.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Registries that are spoken to over plain HTTP.</summary>
    public IReadOnlyCollection<string> InsecureRegistries { get; init; } = [];

    /// <summary>The Bindle server for modules that do not name one; null: there is none.</summary>
    public Uri? BindleServer { get; init; }

    /// <summary>The bindle that every entry belongs to; null: entries come from a <c>modules.toml</c>.</summary>
    public ApplicationOptions? Application { get; init; }

    /// <summary>Files for guests' stderr; null: it goes to the log.</summary>
    public GuestLogOptions? GuestLogs { get; init; }

    /// <summary>Networks that modules' outbound HTTP never reaches.</summary>
    public IReadOnlyCollection<IPNetwork> DeniedNetworks { get; init; } = [];

    /// <summary>What holds for entries that do not say otherwise.</summary>
    public HandlerDefaults Defaults { get; init; } = new();

    /// <summary>Shows what is being pulled and compiled.</summary>
    public ProgressDisplay Progress { get; init; } = ProgressDisplay.None;

    /// <summary>Settings of the engine.</summary>
    public GuestEngineOptions Sandbox { get; init; } = new();
}
