using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Wagi.Bindle.Errors;
using Wagi.Hosting.Supervision;
using Wagi.Runtime.Admin;
using Wagi.Runtime.Bindles;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Readiness;
using Wagi.Runtime.Tls;

namespace Wagi.Runtime.Serving;

/// <summary>The runtime as a whole: every part made once, started in order, stopped in the opposite order.</summary>
internal sealed partial class WagiServer : IAsyncDisposable
{
    private readonly ServeOptions _options;
    private readonly ILogger<WagiServer> _logger;
    private readonly LoaderScope _loading;
    private readonly PeerRuntimes? _peers;
    private readonly ModuleHost _host;
    private readonly ConfigurationWatcher? _watcher;
    private readonly ApplicationConfiguration? _application;
    private readonly CacheTrimmer _trimmer;
    private readonly ServerCertificate? _certificate;
    private readonly ProgressDisplay _progress;
    private readonly RequestDispatcher _dispatcher;
    private readonly WebApplication _main;
    private readonly AdminServer _admin;

    /// <exception cref="IOException">The cache directory or the certificate cannot be used.</exception>
    public WagiServer(ServeOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _logger = loggers.CreateLogger<WagiServer>();
        _progress = options.Log.Json ? ProgressDisplay.None : ProgressDisplay.ForServer();
        _loading = new LoaderScope(
            new LoaderOptions
            {
                BaseDirectory = options.ConfigurationPath is { } file ? Path.GetDirectoryName(file)! : Environment.CurrentDirectory,
                Application = options.Application,
                Cache = options.Cache,
                Environment = options.Environment,
                InsecureRegistries = options.InsecureRegistries,
                BindleServer = options.BindleServer,
                DeniedNetworks = options.DeniedNetworks,
                Defaults = options.Defaults,
                Sandbox = options.Sandbox,
                GuestLogs = options.GuestLogs,
                Progress = _progress,
            },
            loggers);
        _peers = options.Peers is null ? null : new PeerRuntimes(options.Peers);
        var agreement = _peers is null ? null : new PeerAgreement(_peers.AskAsync, TimeProvider.System, loggers.CreateLogger<PeerAgreement>());
        _host = new ModuleHost(_loading.Loader, agreement, TimeProvider.System, loggers.CreateLogger<ModuleHost>());
        if (options.ConfigurationPath is { } path)
        {
            var reader = new ConfigurationReader(
                path, options.SecretsDirectory, TimeProvider.System, loggers.CreateLogger<ConfigurationReader>());
            _watcher = new ConfigurationWatcher(
                reader, path, options.SecretsDirectory, _loading.Files, _host, loggers.CreateLogger<ConfigurationWatcher>());
        }
        else
        {
            _application = _loading.Bindles.ConfigurationFor(_host);
        }

        _trimmer = new CacheTrimmer(_loading.Cache, options.Cache.MaxBytes, loggers.CreateLogger<CacheTrimmer>());
        _certificate = options.Tls is null
            ? null
            : new ServerCertificate(options.Tls, TimeProvider.System, loggers.CreateLogger<ServerCertificate>());
        _dispatcher = new RequestDispatcher(() => _host.Routes, _loading.Metrics);
        _main = CreateMain(options, loggers);
        _admin = new AdminServer(options.Admin, _host, loggers);
    }

    private WebApplication CreateMain(ServeOptions options, ILoggerFactory loggers)
    {
        var builder = KestrelApplication.CreateBuilder(options.Listen, loggers, _certificate);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // The limit of a request body is the handler's: it answers 413 and knows the module.
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var application = builder.Build();
        application.Run(_dispatcher.InvokeAsync);
        return application;
    }

    /// <summary>Serves until <paramref name="stopping"/>, then lets requests in flight finish.</summary>
    /// <exception cref="IOException">An address is taken.</exception>
    /// <exception cref="BindleException">The bindle that is to be served cannot be had.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (_application is not null && !_options.WaitForConfiguration)
        {
            await _application.ReadAsync(stopping);
        }

        using var loops = new CancellationTokenSource();
        await _admin.StartAsync();
        await _main.StartAsync(CancellationToken.None);
        var url = AddressOf(_main);
        LogListening(url, _admin.Url);
        var announcer = new RouteAnnouncer(url, _logger);
        _host.StatusChanged += announcer.Announce;

        var work = Task.WhenAll(
        [
            Task.Run(() => _host.RunAsync(new LoopProgress(TimeProvider.System), loops.Token), CancellationToken.None),
            Task.Run(() => _watcher?.RunAsync(loops.Token) ?? _application!.RunAsync(loops.Token), CancellationToken.None),
            Task.Run(() => _trimmer.RunAsync(loops.Token), CancellationToken.None),
            .. _certificate is null ? Array.Empty<Task>() : [Task.Run(() => _certificate.RunAsync(loops.Token), CancellationToken.None)],
        ]);
        var stopped = Task.Delay(Timeout.Infinite, stopping);

        // A loop never ends by itself: if one does, its exception comes out here instead of going unnoticed.
        await await Task.WhenAny(work, stopped.ContinueWith(_ => Task.CompletedTask, TaskScheduler.Default).Unwrap());

        await DrainAsync();
        await loops.CancelAsync();
        await work;
    }

    /// <summary>
    /// Readiness off, a pause in which load balancers notice and connections end with an answer, then no new connections and an end for
    /// those in flight.
    /// </summary>
    private async Task DrainAsync()
    {
        _admin.IsDraining = true;
        _dispatcher.Drain();
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
        _watcher?.Dispose();
        await _host.DisposeAsync();
        _peers?.Dispose();
        _loading.Dispose();
        _progress.Dispose();
    }
}
