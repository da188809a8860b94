using Wagi.Bindle.Stores;
using Wagi.Oci.Remote;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Bindles;

/// <summary>Where modules from bindles come from: single ones by reference, or those of one bindle that is served as a whole. Owns its connections.</summary>
internal sealed class BindleScope : IDisposable
{
    private readonly BindleClient _client = new(proxy: new LoopbackBypass(HttpClient.DefaultProxy));
    private readonly CacheDirectory _cache;
    private readonly ParcelFolders _folders;
    private readonly ApplicationOptions? _application;
    private readonly ILoggerFactory _loggers;

    public BindleScope(LoaderOptions options, CacheDirectory cache, BlobCache blobs, ReferenceCache references, ILoggerFactory loggers)
    {
        _cache = cache;
        _application = options.Application;
        _loggers = loggers;
        var parcels = new BindleParcels(blobs, options.Progress, loggers.CreateLogger<BindleParcels>());
        _folders = new ParcelFolders(cache, parcels);
        Modules = _application is null
            ? new BindleSource(_client, options.BindleServer, parcels, references)
            : new ApplicationSource(StoreOf(_application), parcels, _folders);
    }

    /// <summary>Finds the modules.</summary>
    public IModuleSource Modules { get; }

    /// <summary>Reads the bindle that is served as a whole for a host.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public ApplicationConfiguration ConfigurationFor(ModuleHost host)
    {
        var application = _application ?? throw new InvalidOperationException("there is no application");
        return new ApplicationConfiguration(
            application.Name,
            StoreOf(application),
            application.Directory is null ? new InvoiceCache(_cache, _loggers.CreateLogger<InvoiceCache>()) : null,
            (ApplicationSource)Modules,
            host,
            TimeProvider.System,
            _loggers.CreateLogger<ApplicationConfiguration>());
    }

    private IBindleStore StoreOf(ApplicationOptions application) =>
        application.Directory is { } directory ? new StandaloneBindles(directory) : _client.Server(application.Server);

    public void Dispose()
    {
        _folders.Dispose();
        _client.Dispose();
    }
}
