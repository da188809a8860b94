using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Wagi.Bindle.Errors;
using Wagi.Hosting.Supervision;
using Wagi.Runtime.Access;
using Wagi.Runtime.Admin;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Readiness;
using Wagi.Runtime.Serving;
using Wagi.Runtime.Tls;
using Wagi.Runtime.Transport;

namespace Wagi.Runtime.Composition;

/// <summary>The runtime as a whole: every part made once, started in order, stopped in the opposite order.</summary>
internal sealed partial class WagiServer : IAsyncDisposable
{
    /// <summary>Logged when it listens, with <c>Url</c> and <c>AdminUrl</c>.</summary>
    public const int ListeningEvent = 70;

    /// <summary>For loops that complete a turn every second: so much more than a slow machine needs that only a loop that hangs takes it.</summary>
    private static readonly TimeSpan MaxSilence = TimeSpan.FromMinutes(1);

    private readonly ServeOptions _options;
    private readonly ILogger<WagiServer> _logger;
    private readonly RequestThreads _threads = new(Environment.ProcessorCount);
    private readonly LoaderScope _loading;
    private readonly PeerRuntimes? _peers;
    private readonly ModuleHost _host;
    private readonly ConfigurationWatcher? _watcher;
    private readonly ApplicationConfiguration? _application;
    private readonly Supervisor _supervisor = new(TimeProvider.System);
    private readonly ProgressDisplay _progress;
    private readonly RequestDispatcher _dispatcher;
    private readonly WebApplication _main;
    private readonly IDisposable _refusedRequests;
    private readonly ConsoleSender? _sender;
    private readonly AdminServer _admin;

    /// <exception cref="IOException">The cache directory or the certificate cannot be used.</exception>
    public WagiServer(ServeOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _logger = loggers.CreateLogger<WagiServer>();
        _progress = options.Log.Json ? ProgressDisplay.None : ProgressDisplay.ForServer();
        var journal = new RequestJournal(TimeProvider.System);
        var access = new AccessLog(options.AccessLog, TimeProvider.System, loggers.CreateLogger<AccessLog>(), journal);
        _loading = new LoaderScope(options.Loader, _progress, loggers, access.Of, _threads);
        _peers = options.Peers is null ? null : new PeerRuntimes(options.Peers);
        var agreement = _peers is null ? null : new PeerAgreement(_peers.AskAsync, TimeProvider.System, loggers.CreateLogger<PeerAgreement>());
        _host = new ModuleHost(_loading.Loader, agreement, TimeProvider.System, loggers.CreateLogger<ModuleHost>());
        _supervisor.Add("the module loop", MaxSilence, _host.RunAsync);
        if (options.Origin is { } origin)
        {
            var reader = new ConfigurationReader(
                origin, options.SecretsDirectory, TimeProvider.System, loggers.CreateLogger<ConfigurationReader>());
            _watcher = new ConfigurationWatcher(
                reader, _loading.Files, _host.Apply, _host.Reload, TimeProvider.System, loggers.CreateLogger<ConfigurationWatcher>(), options.Gate);
            _supervisor.Add("the configuration loop", MaxSilence, _watcher.RunAsync);
        }
        else
        {
            _application = _loading.CreateApplicationConfiguration(_host.Apply);
            _supervisor.Add("the configuration loop", ApplicationConfiguration.MaxSilence, _application.RunAsync);
        }

        var trimmer = new CacheTrimmer(_loading.Cache, options.Loader.Cache.MaxBytes, TimeProvider.System, loggers.CreateLogger<CacheTrimmer>());
        _supervisor.Add("the cache trimmer", 3 * CacheTrimmer.Interval, trimmer.RunAsync);
        var certificate = options.Tls is null
            ? null
            : new ServerCertificate(options.Tls, TimeProvider.System, loggers.CreateLogger<ServerCertificate>());
        if (certificate is not null)
        {
            _supervisor.Add("the certificate loop", MaxSilence, certificate.RunAsync);
        }

        _dispatcher = new RequestDispatcher(
            () => _host.Routes,
            _loading.Metrics,
            access,
            isLocal: options.IsLocal,
            isReady: () => _host.Status is { Ready: true });
        _main = CreateMain(options, certificate, loggers);
        _refusedRequests = RefusedRequests.Listen(_main.Services, access, _loading.Metrics);
        _sender = options.IsOwnMachine ? new ConsoleSender() : null;
        var console = new ModuleConsole(
            new ConsoleReporter(_host, _loading.Metrics, journal, options.Loader.Environment.Keys, options.Loader.Defaults, TimeProvider.System),
            _sender);
        _admin = new AdminServer(options.Admin, _host, _loading.Memories, _supervisor, loggers, options.Export, console);
    }

    /// <summary>Where the console is; empty until it listens.</summary>
    public string ConsoleUrl => _admin.Url;

    private WebApplication CreateMain(ServeOptions options, ServerCertificate? certificate, ILoggerFactory loggers)
    {
        var builder = KestrelApplication.CreateBuilder(options.Listen, loggers, certificate);
        builder.Services.AddSingleton(_threads);
        builder.Services.AddSingleton<IConnectionListenerFactory, SocketTransport>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // The limit of a request body is the handler's: it answers 413 and knows the module.
            kestrel.Limits.MaxRequestBodySize = null;

            // The admin port needs descriptors too, and so does loading modules.
            kestrel.Limits.MaxConcurrentConnections = ProcessCapacity.Connections;
        });
        var application = builder.Build();
        RequestDelegate answer = _dispatcher.InvokeAsync;
        if (options.Proxies is { } proxies)
        {
            answer = new ForwardedRequests(proxies, answer).InvokeAsync;
        }

        application.Run(new UnreadBodies(new ClientFaults(answer, loggers.CreateLogger<ClientFaults>()).InvokeAsync).InvokeAsync);
        return application;
    }

    /// <summary>Serves until <paramref name="stopping"/>, then lets requests in flight finish.</summary>
    /// <exception cref="IOException">An address is taken.</exception>
    /// <exception cref="BindleException">The bindle that is to be served is not available.</exception>
    /// <exception cref="LoopEndedException">A loop ended; nothing is served any more.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        if (_application is not null && !_options.WaitForConfiguration)
        {
            await _application.ReadAsync(stopping);
        }

        await _admin.StartAsync();
        await KestrelApplication.StartAsync(_main, _options.Listen);
        var url = KestrelApplication.AddressOf(_main);
        _sender?.Begin(url);
        LogListening(url, _admin.Url);
        LogMemories(_loading.Memories);
        var announcer = new RouteAnnouncer(url, _logger);
        _host.StatusChanged += announcer.Announce;

        using var ending = new CancellationTokenSource();
        var loops = _supervisor.RunAsync(ending.Token);
        await Task.WhenAny(loops, Task.Delay(Timeout.Infinite, stopping));
        if (!loops.IsCompleted)
        {
            await DrainAsync();
            await ending.CancelAsync();
        }

        try
        {
            await loops;
        }
        catch (LoopEndedException exception)
        {
            LogLoopEnded(exception.Message, exception);
            throw;
        }
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
        await _admin.StopAsync(deadline.Token);
        LogStopped();
    }

    public async ValueTask DisposeAsync()
    {
        _refusedRequests.Dispose();
        await _main.DisposeAsync();
        await _admin.DisposeAsync();
        _sender?.Dispose();
        _watcher?.Dispose();
        await _host.DisposeAsync();
        _peers?.Dispose();
        _loading.Dispose();
        _threads.Dispose();
        _progress.Dispose();
    }

    [LoggerMessage(EventId = ListeningEvent, Level = LogLevel.Information, Message = "Listening on {Url}, admin port {AdminUrl}")]
    private partial void LogListening(string url, string adminUrl);

    [LoggerMessage(LogLevel.Information, "Memories of modules: {Memories}")]
    private partial void LogMemories(string memories);

    [LoggerMessage(LogLevel.Information, "Stopping in {DrainSeconds} s; requests in flight get {ShutdownSeconds} s to finish")]
    private partial void LogDraining(double drainSeconds, double shutdownSeconds);

    [LoggerMessage(LogLevel.Critical, "Nothing is served any more: {Reason}")]
    private partial void LogLoopEnded(string reason, Exception exception);

    [LoggerMessage(LogLevel.Information, "Stopped")]
    private partial void LogStopped();
}
