using System.Net;
using Wagi.Bindle.Stores;
using Wagi.Hosting.Logging;
using Wagi.Hosting.Telemetry;
using Wagi.Modules.Network;
using Wagi.Runtime.Access;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Compiling;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Logs;
using Wagi.Runtime.Serving;
using Wagi.Runtime.Sources;
using Wagi.Runtime.Tls;

namespace Wagi.Runtime.Composition;

/// <summary>Everything that <c>wagi serve</c> can be told, checked.</summary>
internal sealed record ServeOptions
{
    /// <summary>What loading modules depends on.</summary>
    public required LoaderOptions Loader { get; init; }

    /// <summary>What says which modules there are; null: <see cref="LoaderOptions.Application"/>.</summary>
    public ModulesOrigin? Origin { get; init; }

    /// <summary>Whether to start before what is served can be read.</summary>
    public bool WaitForConfiguration { get; init; }

    /// <summary>Whether modules that are files are loaded again when they change; null: always.</summary>
    public ReloadGate? Gate { get; init; }

    /// <summary>Absolute path of the folder that the generated Secret is mounted in; null: there is none.</summary>
    public string? SecretsDirectory { get; init; }

    /// <summary>Where requests for modules are taken. Port 0: any free port.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Certificate and key for HTTPS on <see cref="Listen"/>; null: plain HTTP.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>Which proxies before <see cref="Listen"/> are believed; null: none.</summary>
    public ProxyOptions? Proxies { get; init; }

    /// <summary>Where health, status and metrics are served. Port 0: any free port.</summary>
    public required IPEndPoint Admin { get; init; }

    /// <summary>URL that leads to the admin port of the other runtimes; null: they are not asked.</summary>
    public Uri? Peers { get; init; }

    /// <summary>
    /// Whether this is the machine of whoever looks at the console, which may then send requests: it is reached from here alone, and is not one of
    /// an operator's runtimes.
    /// </summary>
    public bool IsOwnMachine => IsLocal && Peers is null && IPAddress.IsLoopback(Admin.Address);

    /// <summary>Whether requests come from this machine alone.</summary>
    public bool IsLocal => IPAddress.IsLoopback(Listen.Address);

    /// <summary>How long requests in flight may take after the signal to stop.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long requests are still taken after the signal to stop, so that load balancers notice first.</summary>
    public TimeSpan DrainDelay { get; init; } = TimeSpan.Zero;

    /// <summary>Which requests are worth a line in the log.</summary>
    public AccessLogOptions AccessLog { get; init; } = AccessLogOptions.Default;

    /// <summary>Where spans and metrics are sent to.</summary>
    public OtlpExport Export { get; init; } = OtlpExport.None;

    /// <summary>How the program logs.</summary>
    public LogOptions Log { get; init; } = new();
}

/// <summary>What loading modules depends on, checked: the same for serving them and for looking at them.</summary>
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

    /// <summary>Whom servers are trusted for beside the system's authorities; null: nobody.</summary>
    public CertificateTrust? Trust { get; init; }

    /// <summary>The Bindle server for modules that do not name one; null: there is none.</summary>
    public Uri? BindleServer { get; init; }

    /// <summary>As <see cref="Trust"/>, for Bindle servers.</summary>
    public CertificateTrust? BindleTrust { get; init; }

    /// <summary>Who asks that server; null: it is asked without credentials.</summary>
    public BindleCredentials? BindleCredentials { get; init; }

    /// <summary>The bindle that every entry belongs to; null: entries come from a <c>modules.toml</c>.</summary>
    public ApplicationOptions? Application { get; init; }

    /// <summary>Files for guests' stderr; null: it goes to the log.</summary>
    public GuestLogOptions? GuestLogs { get; init; }

    /// <summary>Which addresses modules' outbound HTTP reaches.</summary>
    public AddressRules Outbound { get; init; } = new() { Own = OwnAddresses.ByName };

    /// <summary>Which addresses modules are pulled from.</summary>
    public AddressRules Pulls { get; init; } = new();

    /// <summary>What holds for entries that do not say otherwise.</summary>
    public HandlerDefaults Defaults { get; init; } = new();

    /// <summary>What a compilation may take, in a process of its own; null: modules are compiled in this one, without limits.</summary>
    public CompilerLimits? Compiler { get; init; }

    /// <summary>How many bytes of bodies are kept.</summary>
    public BodyOptions Bodies { get; init; } = new();

    /// <summary>Settings of the engine.</summary>
    public GuestEngineOptions Engine { get; init; } = new();
}
