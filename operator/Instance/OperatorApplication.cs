using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using Wagi.Hosting.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Hosting.Telemetry;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Metrics;

namespace Wagi.Operator.Instance;

/// <summary>The process around an operator: logs, health, metrics, start and stop.</summary>
internal static class OperatorApplication
{
    /// <summary>Who owns the fields that the operator applies.</summary>
    public const string FieldManager = "wagi-operator";

    /// <summary>Builds it; running it is the caller's.</summary>
    /// <param name="configuration">The way to the API server.</param>
    /// <param name="options">What the operator is told.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="handlers">What requests to the API server pass through on their way.</param>
    public static WebApplication Build(k8s.KubernetesClientConfiguration configuration, OperatorOptions options, TimeProvider? time = null, params DelegatingHandler[] handlers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions()); // Flags alone decide, not a stray appsettings.json.
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(options.Health));
        builder.Services.AddRouting();
        options.Log.Configure(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        options.Export.AddTo(builder, "wagi-operator", OperatorTrace.SourceName).WithMetrics(metrics => metrics
            .AddMeter(OperatorMetrics.MeterName, LogOptions.MeterName)
            .AddView(_ => SeriesLimit.ForFew)
            .AddPrometheusExporter(prometheus =>
            {
                prometheus.ScopeInfoEnabled = false;
                prometheus.TargetInfoEnabled = false;
            }));

        builder.Services.AddSingleton(time ?? TimeProvider.System);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<OperatorMetrics>();
        builder.Services.AddSingleton<LeaderTerm>();
        builder.Services.AddSingleton(services => new ApiServerClient(
            FieldManager, configuration,
            options.LeaderElection is null ? handlers : [.. handlers, new LeaderWrites(services.GetRequiredService<LeaderTerm>())]));
        builder.Services.AddSingleton<OperatorInstance>();
        builder.Services.AddHostedService(services => services.GetRequiredService<OperatorInstance>());

        var application = builder.Build();
        var instance = application.Services.GetRequiredService<OperatorInstance>();
        application.Use((context, next) => instance.Console.TryAnswer(context) ?? next(context));
        application.MapHealth(instance);
        application.MapPrometheusScrapingEndpoint("/metrics");
        return application;
    }

    /// <summary>Runs it until it is stopped.</summary>
    /// <exception cref="IOException">The address of <c>/healthz</c> is taken.</exception>
    /// <exception cref="LoopEndedException">One of its loops ended before.</exception>
    public static async Task RunAsync(WebApplication application, CancellationToken cancellationToken)
    {
        try
        {
            await application.StartAsync(cancellationToken);
            await application.WaitForShutdownAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It ended while it was still starting.
        }

        if (application.Services.GetRequiredService<OperatorInstance>().ExecuteTask is { IsCompleted: true } ended)
        {
            await ended;
        }
    }
}

/// <summary>The probes of a pod.</summary>
internal static class HealthEndpoints
{
    /// <summary>
    /// <c>/healthz/live</c> answers 200 while every loop makes progress; <c>/healthz/ready</c> when everything has been listed.
    /// </summary>
    public static void MapHealth(this WebApplication application, OperatorInstance instance)
    {
        application.MapGet("/healthz/live", context => AnswerAsync(context, instance.Stalled));
        application.MapGet("/healthz/ready", context =>
            AnswerAsync(context, string.Join('\n', instance.NotReady) is { Length: > 0 } reasons ? reasons : null));
    }

    private static Task AnswerAsync(HttpContext context, string? reason)
    {
        context.Response.StatusCode = reason is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsync((reason ?? "ok") + "\n");
    }
}
