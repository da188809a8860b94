using System.Collections.Frozen;
using Wagi.Modules.Sources;
using Wagi.Oci.Remote;
using Wagi.Runtime.Bindles;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Logs;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Loading;

/// <summary>A <see cref="ModuleLoader"/> with everything that it stands on: engine, cache, registries, outbound HTTP. Owns them.</summary>
internal sealed class LoaderScope : IDisposable
{
    private readonly GuestEngine _engine;
    private readonly CompiledCache _compiled;
    private readonly RegistryClient _registries;
    private readonly OutboundClient _outbound;

    /// <exception cref="IOException">The cache directory or the log folder cannot be used.</exception>
    public LoaderScope(LoaderOptions options, ILoggerFactory loggers)
    {
        Cache = new CacheDirectory(options.Cache.Directory);
        Cache.Prepare();
        var guestLogs = options.GuestLogs is null ? null : new GuestLogDirectory(options.GuestLogs, TimeProvider.System, loggers);
        _outbound = new OutboundClient(options.DeniedNetworks);
        _engine = GuestEngines.Create(options.Sandbox);
        _compiled = new CompiledCache(Cache, _engine, options.Progress, loggers.CreateLogger<CompiledCache>());
        _registries = new RegistryClient(new RegistryClientOptions { InsecureRegistries = options.InsecureRegistries });
        var blobs = new BlobCache(Cache, loggers.CreateLogger<BlobCache>());
        var references = new ReferenceCache(Cache, loggers.CreateLogger<ReferenceCache>());
        Files = new FileSource(options.BaseDirectory);
        var oci = new OciSource(
            _registries,
            blobs,
            references,
            options.Progress,
            loggers.CreateLogger<OciSource>());
        Bindles = new BindleScope(options, Cache, blobs, references, loggers);
        var sources = new Dictionary<ModuleScheme, IModuleSource>
        {
            [ModuleScheme.File] = Files,
            [ModuleScheme.Oci] = oci,
            [ModuleScheme.Bindle] = Bindles.Modules,
        }.ToFrozenDictionary();
        var handlers = new ModuleHandlerFactory(options.Environment, options.Defaults, _outbound, guestLogs, loggers, Metrics);
        Loader = new ModuleLoader(_engine, sources, _compiled, handlers, options.BaseDirectory);
    }

    /// <summary>The node-local cache, ready to be used.</summary>
    public CacheDirectory Cache { get; }

    /// <summary>The instruments of requests.</summary>
    public RequestMetrics Metrics { get; } = new();

    /// <summary>Where modules from files come from.</summary>
    public FileSource Files { get; }

    /// <summary>Where modules from bindles come from.</summary>
    public BindleScope Bindles { get; }

    /// <summary>Loads entries.</summary>
    public ModuleLoader Loader { get; }

    /// <summary>Call it when every module that was loaded has been released.</summary>
    public void Dispose()
    {
        Metrics.Dispose();
        _outbound.Dispose();
        Bindles.Dispose();
        _registries.Dispose();
        _compiled.Dispose();
        _engine.Dispose();
    }
}
