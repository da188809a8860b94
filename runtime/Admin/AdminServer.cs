using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenTelemetry.Metrics;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Admin;

/// <summary>The admin port: <c>/healthz/live</c>, <c>/healthz/ready</c>, <c>/status</c>, <c>/metrics</c>.</summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private readonly ModuleHost _host;
    private readonly WebApplication _application;
    private readonly ModuleMetrics _metrics;

    public AdminServer(IPEndPoint address, ModuleHost host, ILoggerFactory loggers)
    {
        _host = host;
        _metrics = new ModuleMetrics(host);
        var builder = KestrelApplication.CreateBuilder(address, loggers);
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(RequestMetrics.MeterName, "System.Runtime")
            .AddView(WithoutMisleadingNames)
            .AddPrometheusExporter(exporter =>
            {
                exporter.ScrapeResponseCacheDurationMilliseconds = 0;
                exporter.ScopeInfoEnabled = false;
                exporter.TargetInfoEnabled = false;
            }));
        _application = builder.Build();
        _application.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics");
        _application.Run(AnswerAsync);
    }

    /// <summary>True once the runtime is going down: it is no longer ready, and still answers.</summary>
    public bool IsDraining { get; set; }

    /// <summary>Where it listens; after <see cref="StartAsync"/>.</summary>
    public string Url { get; private set; } = "";

    public async Task StartAsync()
    {
        await _application.StartAsync();
        Url = WagiServer.AddressOf(_application);
    }

    public Task StopAsync() => _application.StopAsync();

    /// <summary>In Prometheus a name that ends in "count" belongs to a histogram; some of .NET's own gauges have such a name.</summary>
    private static MetricStreamConfiguration? WithoutMisleadingNames(System.Diagnostics.Metrics.Instrument instrument) => instrument.Name switch
    {
        "dotnet.process.cpu.count" => new MetricStreamConfiguration { Name = "dotnet.process.cpus" },
        "dotnet.assembly.count" or "dotnet.timer.count" => MetricStreamConfiguration.Drop,
        _ => null,
    };

    private Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
    {
        "/healthz/live" => PlainAnswer.WriteAsync(context, StatusCodes.Status200OK, "ok"),
        "/healthz/ready" => AnswerReadyAsync(context),
        "/status" => AnswerStatusAsync(context),
        _ => PlainAnswer.WriteAsync(context, StatusCodes.Status404NotFound, "not found; there are /healthz/live, /healthz/ready, /status and /metrics"),
    };

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
        await context.Response.Body.WriteAsync(status.ToJson());
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _metrics.Dispose();
    }
}
