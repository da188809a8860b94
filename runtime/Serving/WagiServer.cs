using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Wagi.Modules.Sources;
using Wagi.Oci.Remote;
using Wagi.Runtime.Admin;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Requests;
using Wagi.Runtime.Sandbox;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Serving;

/// <summary>The runtime as a whole: every part made once, started in order, stopped in the opposite order.</summary>
internal sealed partial class WagiServer : IAsyncDisposable
{
    private readonly ServeOptions _options;
    private readonly ILogger<WagiServer> _logger;
    private readonly SandboxEngine _engine;
    private readonly CompiledCache _compiled;
    private readonly RegistryClient _registries;
    private readonly RequestMetrics _metrics;
    private readonly ModuleHost _host;
    private readonly ConfigurationWatcher _watcher;
    private readonly CacheTrimmer _trimmer;
    private readonly WebApplication _main;
    private readonly AdminServer _admin;

    /// <exception cref="IOException">The cache directory cannot be used.</exception>
    public WagiServer(ServeOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _logger = loggers.CreateLogger<WagiServer>();
        var cache = new CacheDirectory(options.Cache.Directory);
        cache.Prepare();
        _engine = new SandboxEngine(options.Sandbox);
        _compiled = new CompiledCache(cache, _engine, loggers.CreateLogger<CompiledCache>());
        _registries = new RegistryClient(new RegistryClientOptions { InsecureRegistries = options.InsecureRegistries });
        _metrics = new RequestMetrics();
        var files = new FileSource(Path.GetDirectoryName(options.ConfigurationPath)!);
        var oci = new OciSource(
            _registries,
            new BlobCache(cache, loggers.CreateLogger<BlobCache>()),
            new ReferenceCache(cache, loggers.CreateLogger<ReferenceCache>()),
            loggers.CreateLogger<OciSource>());
        var sources = new Dictionary<ModuleScheme, IModuleSource>
        {
            [ModuleScheme.File] = files,
            [ModuleScheme.Oci] = oci,
        }.ToFrozenDictionary();
        var handlers = new ModuleHandlerFactory(options.Environment, options.Defaults, loggers, _metrics);
        _host = new ModuleHost(new ModuleLoader(sources, _compiled, handlers), TimeProvider.System, loggers.CreateLogger<ModuleHost>());
        var reader = new ConfigurationReader(
            options.ConfigurationPath, options.SecretsDirectory, TimeProvider.System, loggers.CreateLogger<ConfigurationReader>());
        _watcher = new ConfigurationWatcher(
            reader, options.ConfigurationPath, options.SecretsDirectory, files, _host, loggers.CreateLogger<ConfigurationWatcher>());
        _trimmer = new CacheTrimmer(cache, options.Cache.MaxBytes, loggers.CreateLogger<CacheTrimmer>());
        _main = CreateMain(options, loggers);
        _admin = new AdminServer(options.Admin, _host, loggers);
    }

    private WebApplication CreateMain(ServeOptions options, ILoggerFactory loggers)
    {
        var builder = KestrelApplication.CreateBuilder(options.Listen, loggers);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // The limit of a request body is the handler's: it answers 413 and knows the module.
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var application = builder.Build();
        var dispatcher = new RequestDispatcher(_host);
        application.Run(dispatcher.InvokeAsync);
        return application;
    }

    /// <summary>Serves until <paramref name="stopping"/>, then lets requests in flight finish.</summary>
    /// <exception cref="IOException">An address is taken.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var loops = new CancellationTokenSource();
        await _admin.StartAsync();
        await _main.StartAsync(CancellationToken.None);
        var url = AddressOf(_main);
        LogListening(url, _admin.Url);
        var announcer = new RouteAnnouncer(url, _logger);
        _host.StatusChanged += announcer.Announce;

        var work = Task.WhenAll(
            Task.Run(() => _host.RunAsync(loops.Token), CancellationToken.None),
            Task.Run(() => _watcher.RunAsync(loops.Token), CancellationToken.None),
            Task.Run(() => _trimmer.RunAsync(loops.Token), CancellationToken.None));
        var stopped = Task.Delay(Timeout.Infinite, stopping);

        // A loop never ends by itself: if one does, its exception comes out here instead of going unnoticed.
        await await Task.WhenAny(work, stopped.ContinueWith(_ => Task.CompletedTask, TaskScheduler.Default).Unwrap());

        await DrainAsync();
        await loops.CancelAsync();
        await work;
    }

    /// <summary>Readiness off, a pause in which load balancers notice, then no new connections and an end for those in flight.</summary>
    private async Task DrainAsync()
    {
        _admin.IsDraining = true;
        LogDraining(_options.DrainDelay.TotalSeconds, _options.ShutdownTimeout.TotalSeconds);
        await Task.Delay(_options.DrainDelay);
        using var deadline = new CancellationTokenSource(_options.ShutdownTimeout);
        await _main.StopAsync(deadline.Token);
        await _admin.StopAsync();
        LogStopped();
    }

    internal static string AddressOf(IHost application) =>
        application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public async ValueTask DisposeAsync()
    {
        await _main.DisposeAsync();
        await _admin.DisposeAsync();
        _watcher.Dispose();
        await _host.DisposeAsync();
        _metrics.Dispose();
        _registries.Dispose();
        _compiled.Dispose();
        _engine.Dispose();
    }
}
