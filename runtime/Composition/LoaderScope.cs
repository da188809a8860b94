using System.Collections.Frozen;
using Wagi.Bindle.Stores;
using Wagi.Modules.Network;
using Wagi.Modules.Sources;
using Wagi.Oci.Remote;
using Wagi.Oci.Signatures;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Compiling;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Logs;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sources;
using Wagi.Runtime.Transport;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Composition;

/// <summary>A <see cref="ModuleLoader"/> with everything that it stands on: engine, cache, registries, outbound HTTP. Owns them.</summary>
internal sealed class LoaderScope : IDisposable
{
    private readonly LoaderOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly GuestEngine _engine;
    private readonly IModuleCompiler _compiler;
    private readonly RegistryClient _registries;
    private readonly BindleClient _bindles;
    private readonly ParcelFolders _folders;
    private readonly ApplicationSource? _application;
    private readonly OutboundClient _outbound;
    private readonly GuestLogDirectory? _guestLogs;
    private readonly LoadMetrics _loads = new();

    /// <param name="options">What it depends on.</param>
    /// <param name="progress">Shows what is being pulled and compiled; stays the caller's.</param>
    /// <param name="loggers">Where to log.</param>
    /// <param name="requestLogs">Told of the requests of each module, by its id; null: nobody is.</param>
    /// <param name="threads">The threads that answer requests; null: those of the pool do. Stays the caller's.</param>
    /// <exception cref="IOException">The cache directory or the log folder cannot be used.</exception>
    public LoaderScope(LoaderOptions options, ProgressDisplay progress, ILoggerFactory loggers, Func<string, IRequestLog>? requestLogs = null,
        RequestThreads? threads = null)
    {
        _options = options;
        _loggers = loggers;
        Cache = new CacheDirectory(options.Cache.Directory);
        Cache.Prepare();
        _guestLogs = options.GuestLogs is null ? null : new GuestLogDirectory(options.GuestLogs, TimeProvider.System, loggers);
        _outbound = new OutboundClient(new AddressGuard(options.Outbound, options.Trust));
        _engine = GuestEngines.Create(options.Engine, threads);

        // In a container, three quarters of its limit.
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var limits = (options.Compiler ?? new CompilerLimits()).Within(memory);
        var compilers = limits.AtATime(Environment.ProcessorCount, memory);
        _compiler = options.Compiler is null ? new InProcessCompiler(_engine) : new ModuleCompiler(ModuleCompiler.ThisProgram, limits, compilers);
        var compiled = new CompiledCache(Cache, _engine, _compiler, progress, loggers.CreateLogger<CompiledCache>(), compilers);
        var pulls = new AddressGuard(options.Pulls, options.Trust);
        _registries = new RegistryClient(new RegistryClientOptions { InsecureRegistries = options.InsecureRegistries, Guard = pulls });
        _bindles = new BindleClient(guard: new AddressGuard(options.Pulls, options.BindleTrust), credentials: options.BindleCredentials);
        var blobs = new BlobCache(Cache, loggers.CreateLogger<BlobCache>(), options.Cache.MaxBytes / BlobCache.Share);
        var grants = new BlobGrants(Cache, loggers.CreateLogger<BlobGrants>());
        var signatures = new SignatureCheck(new SignatureVerifier(_registries), grants, loggers.CreateLogger<SignatureCheck>());
        var references = new ReferenceCache(Cache, loggers.CreateLogger<ReferenceCache>());
        var parcels = new BindleParcels(blobs, progress, loggers.CreateLogger<BindleParcels>());
        _folders = new ParcelFolders(Cache, parcels);
        _application = options.Application is { } bindle ? new ApplicationSource(StoreOf(bindle), parcels, _folders) : null;
        var folders = new FileFolders(Cache, loggers.CreateLogger<FileFolders>());
        Files = new FileSource(options.BaseDirectory);
        var sources = new Dictionary<ModuleScheme, IModuleSource>
        {
            [ModuleScheme.File] = Files,
            [ModuleScheme.Oci] = new OciSource(_registries, blobs, grants, references, signatures, folders, progress, loggers.CreateLogger<OciSource>()),
            [ModuleScheme.Bindle] = _application is not null ? _application : new BindleSource(_bindles, options.BindleServer, parcels, references),
        }.ToFrozenDictionary();
        var bodies = new BodyStore(options.Bodies, Cache.Spool, loggers.CreateLogger<BodyStore>());
        var handlers = new ModuleHandlerFactory(options.Environment, options.Defaults, _outbound, bodies, _guestLogs, loggers, Metrics, requestLogs);
        var mounts = new FileMounts(
            _registries, blobs, folders, grants, references, signatures, options.BaseDirectory, progress, loggers.CreateLogger<FileMounts>());
        Loader = new ModuleLoader(_engine, sources, mounts, compiled, handlers, options.BaseDirectory, _loads);
    }

    /// <summary>The node-local cache, ready to be used.</summary>
    public CacheDirectory Cache { get; }

    /// <summary>Where guests' memories come from.</summary>
    public string Memories => _engine.Memories;

    /// <summary>The instruments of requests.</summary>
    public RequestMetrics Metrics { get; } = new();

    /// <summary>Where modules from files come from.</summary>
    public FileSource Files { get; }

    /// <summary>Loads entries.</summary>
    public ModuleLoader Loader { get; }

    /// <summary>Reads the bindle that is served as a whole.</summary>
    /// <param name="apply">Told what is to be served.</param>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public ApplicationConfiguration CreateApplicationConfiguration(Action<DesiredModules> apply)
    {
        var bindle = _options.Application ?? throw new InvalidOperationException("there is no bindle to serve as a whole");
        return new ApplicationConfiguration(
            bindle.Name,
            StoreOf(bindle),
            bindle.Directory is null ? new InvoiceCache(Cache, _loggers.CreateLogger<InvoiceCache>()) : null,
            _application!,
            apply,
            TimeProvider.System,
            _loggers.CreateLogger<ApplicationConfiguration>());
    }

    private IBindleStore StoreOf(ApplicationOptions bindle) =>
        bindle.Directory is { } directory ? new StandaloneBindles(directory) : _bindles.Server(bindle.Server);

    /// <summary>Call it when every module that was loaded has been released.</summary>
    public void Dispose()
    {
        Metrics.Dispose();
        _loads.Dispose();
        _guestLogs?.Dispose();
        _outbound.Dispose();
        _folders.Dispose();
        _bindles.Dispose();
        _registries.Dispose();
        (_compiler as IDisposable)?.Dispose();
        _engine.Dispose();
    }
}
