using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenTelemetry.Metrics;
using Wagi.Hosting.Consoles;
using Wagi.Hosting.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Hosting.Telemetry;
using Wagi.Modules.Status;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Admin;

/// <summary>The admin port: <c>/healthz/live</c>, <c>/healthz/ready</c>, <c>/status</c>, <c>/metrics</c>, and the console for people.</summary>
internal sealed class AdminServer : IAsyncDisposable
{
    /// <summary>.NET's own spans of requests that its HTTP clients send.</summary>
    private const string HttpClients = "System.Net.Http";

    private readonly IPEndPoint _address;
    private readonly ModuleHost _host;
    private readonly string _memories;
    private readonly Supervisor _supervisor;
    private readonly WebApplication _application;
    private readonly ModuleMetrics _metrics;
    private readonly ModuleConsole? _console;

    /// <param name="address">Where it listens.</param>
    /// <param name="host">What it tells about.</param>
    /// <param name="memories">Where guests' memories come from.</param>
    /// <param name="supervisor">Whose loops are to be alive.</param>
    /// <param name="loggers">Where to log.</param>
    /// <param name="export">Where spans and metrics are sent to.</param>
    /// <param name="console">The console; null: there is none.</param>
    public AdminServer(
        IPEndPoint address, ModuleHost host, string memories, Supervisor supervisor, ILoggerFactory loggers, OtlpExport export, ModuleConsole? console = null)
    {
        _address = address;
        _console = console;
        _supervisor = supervisor;
        _host = host;
        _memories = memories;
        _metrics = new ModuleMetrics(host);
        var builder = KestrelApplication.CreateBuilder(address, loggers);
        export.AddTo(builder, "wagi", RequestTrace.SourceName, HttpClients).WithMetrics(metrics => metrics
            .AddMeter(RequestMetrics.MeterName, LoadMetrics.MeterName, LogOptions.MeterName, "System.Runtime")
            .AddView(StreamOf)
            .AddPrometheusExporter(exporter =>
            {
                exporter.ScrapeResponseCacheDurationMilliseconds = 0;
                exporter.ScopeInfoEnabled = false;
                exporter.TargetInfoEnabled = false;
            }));
        _application = builder.Build();
        if (IPAddress.IsLoopback(address.Address))
        {
            _application.Use(RefuseForeignNames);
        }

        _application.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics");
        _application.Run(new UnreadBodies(new ClientFaults(AnswerAsync, loggers.CreateLogger<ClientFaults>()).InvokeAsync).InvokeAsync);
    }

    /// <summary>True once the runtime is going down: it is no longer ready, and still answers.</summary>
    public bool IsDraining { get; set; }

    /// <summary>Where it listens; after <see cref="StartAsync"/>.</summary>
    public string Url { get; private set; } = "";

    public async Task StartAsync()
    {
        await KestrelApplication.StartAsync(_application, _address);
        Url = KestrelApplication.AddressOf(_application);
    }

    /// <summary>Stops; what is in flight at <paramref name="deadline"/> is cut off.</summary>
    public Task StopAsync(CancellationToken deadline) => _application.StopAsync(deadline);

    /// <summary>In Prometheus a name that ends in "count" belongs to a histogram; some of .NET's own gauges have such a name.</summary>
    private static MetricStreamConfiguration StreamOf(Instrument instrument) => instrument switch
    {
        { Name: "dotnet.process.cpu.count" } => new() { Name = "dotnet.process.cpus", CardinalityLimit = SeriesLimit.Few },
        { Name: "dotnet.assembly.count" or "dotnet.timer.count" } => MetricStreamConfiguration.Drop,
        { Meter.Name: RequestMetrics.MeterName } => new() { CardinalityLimit = SeriesLimit.ByModule },
        _ => SeriesLimit.ForFew,
    };

    /// <summary>On the port of one's own machine.</summary>
    private static Task RefuseForeignNames(HttpContext context, RequestDelegate next) => ConsoleRequests.NamesThisMachine(context.Request)
        ? next(context)
        : PlainAnswer.WriteAsync(context, StatusCodes.Status421MisdirectedRequest, ConsoleRequests.ForeignName);

    private Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/healthz/live" => AnswerLiveAsync(context),
        "/healthz/ready" => AnswerReadyAsync(context),
        "/status" => AnswerStatusAsync(context),
        _ => _console?.TryAnswer(context)
            ?? PlainAnswer.WriteAsync(context, StatusCodes.Status404NotFound, "not found; there are /healthz/live, /healthz/ready, /status and /metrics, and / for people"),
    };

    private Task AnswerLiveAsync(HttpContext context) => _supervisor.Stalled is { } stalled
        ? PlainAnswer.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, stalled)
        : PlainAnswer.WriteAsync(context, StatusCodes.Status200OK, "ok");

    private Task AnswerReadyAsync(HttpContext context)
    {
        var (status, text) = (IsDraining, _host.Status) switch
        {
            (true, _) => (StatusCodes.Status503ServiceUnavailable, "stopping"),
            (_, { Ready: true }) => (StatusCodes.Status200OK, "ok"),
            (_, null) => (StatusCodes.Status503ServiceUnavailable, "the configuration has not been read yet"),
            (_, { Configuration.Digest: null }) => (StatusCodes.Status503ServiceUnavailable, "there is no configuration file yet"),
            _ => (StatusCodes.Status503ServiceUnavailable, _host.ReadinessObstacle ?? "modules are being loaded"),
        };
        return PlainAnswer.WriteAsync(context, status, text);
    }

    private async Task AnswerStatusAsync(HttpContext context)
    {
        if (_host.Status is not { } status)
        {
            await PlainAnswer.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "the configuration has not been read yet");
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync((status with { Memories = _memories }).ToJson());
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _metrics.Dispose();
    }
}

/// <summary>Metrics of what is loaded; those of requests are <see cref="RequestMetrics"/>.</summary>
internal sealed class ModuleMetrics : IDisposable
{
    private readonly Meter _meter = new(LoadMetrics.MeterName);

    public ModuleMetrics(ModuleHost host)
    {
        _meter.CreateObservableGauge(
            "wagi_modules", () => Count(host.Status), description: "Configured modules by state: ready, loading or failed.");
        _meter.CreateObservableGauge(
            "wagi_configuration_problems",
            () => host.Status?.Configuration.Problems.Length ?? 0,
            description: "Problems found in the configuration file that was read last.");
    }

    private static IEnumerable<Measurement<int>> Count(RuntimeStatus? status)
    {
        foreach (var (state, name) in new[] { (ModuleState.Ready, "ready"), (ModuleState.Loading, "loading"), (ModuleState.Failed, "failed") })
        {
            yield return new Measurement<int>(
                status?.Modules.Count(module => module.State == state) ?? 0, new KeyValuePair<string, object?>("state", name));
        }
    }

    public void Dispose() => _meter.Dispose();
}
