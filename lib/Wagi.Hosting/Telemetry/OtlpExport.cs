using System.Collections;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Wagi.Hosting.CommandLine;
using Wagi.Hosting.Versions;

namespace Wagi.Hosting.Telemetry;

/// <summary>
/// Sends spans and metrics to a collector by OTLP, with OpenTelemetry's own exporter and under its own environment variables. Without an endpoint
/// there nothing of it is set up, and nothing is measured for it.
/// </summary>
/// <remarks>
/// Variables: "OpenTelemetry Protocol Exporter" and "General SDK Configuration" of the OpenTelemetry specification. The exporter reads most of
/// them by itself; here is what decides whether there is one.
/// </remarks>
public sealed class OtlpExport
{
    private const string Prefix = "OTEL_";
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";
    private const string Headers = "OTEL_EXPORTER_OTLP_HEADERS";
    private const string Sampler = "OTEL_TRACES_SAMPLER";
    private const string SamplerArgument = "OTEL_TRACES_SAMPLER_ARG";
    private const string RatioSampler = "traceidratio";

    // Those that the SDK has; it takes another for none at all, and traces everything.
    private static readonly string[] Samplers =
    [
        "always_on", "always_off", RatioSampler, "parentbased_always_on", "parentbased_always_off", "parentbased_" + RatioSampler,
    ];

    private OtlpExport(bool traces, bool metrics, bool namesService)
    {
        Traces = traces;
        Metrics = metrics;
        NamesService = namesService;
    }

    /// <summary>No export.</summary>
    public static OtlpExport None { get; } = new(traces: false, metrics: false, namesService: false);

    /// <summary>Whether spans are sent.</summary>
    public bool Traces { get; }

    /// <summary>Whether metrics are sent.</summary>
    public bool Metrics { get; }

    private bool NamesService { get; }

    /// <summary>What the environment asks for.</summary>
    /// <param name="variable">Gives a variable's value; null: it is not set.</param>
    /// <exception cref="UsageException">An endpoint is no URL, or the protocol or the sampler none that there is, or a header no header.</exception>
    public static OtlpExport Read(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        if (string.Equals(Variable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase))
        {
            return None;
        }

        if (Variable(Endpoint) is not { } endpoint)
        {
            return None;
        }

        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new UsageException($"{Endpoint}: '{endpoint}' is not a URL such as http://collector:4317");
        }

        if (Variable(Protocol) is { } protocol and not ("grpc" or "http/protobuf"))
        {
            throw new UsageException($"{Protocol}: '{protocol}' is not supported; write grpc or http/protobuf");
        }

        // Not repeated: it may be a key without its name. The exporter decodes them before it looks for commas.
        if (Variable(Headers) is { } headers
            && !Uri.UnescapeDataString(headers).TrimEnd(',').Split(',').All(header => header.IndexOf('=', StringComparison.Ordinal) > 0))
        {
            throw new UsageException($"{Headers} is not NAME=VALUE, or several of them with commas between");
        }

        if (Variable(Sampler) is { } sampler)
        {
            CheckSampler(sampler, Variable(SamplerArgument));
        }

        return new OtlpExport(
            Variable("OTEL_TRACES_EXPORTER") != "none",
            Variable("OTEL_METRICS_EXPORTER") != "none",
            Variable("OTEL_SERVICE_NAME") is null && Variable("OTEL_RESOURCE_ATTRIBUTES")?.Contains("service.name=", StringComparison.Ordinal) != true);

        string? Variable(string name) => variable(name) is { Length: > 0 } value ? value : null;
    }

    private static void CheckSampler(string sampler, string? argument)
    {
        if (!Samplers.Contains(sampler, StringComparer.OrdinalIgnoreCase))
        {
            throw new UsageException($"{Sampler}: '{sampler}' is not supported; write {string.Join(", ", Samplers[..^1])} or {Samplers[^1]}");
        }

        if (argument is not null && sampler.EndsWith(RatioSampler, StringComparison.OrdinalIgnoreCase)
            && !(double.TryParse(argument, NumberStyles.Float, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1))
        {
            throw new UsageException($"{SamplerArgument}: '{argument}' is not a number from 0 to 1, such as 0.01");
        }
    }

    /// <summary>Sets up what is asked for.</summary>
    /// <param name="application">Of which spans and metrics are sent.</param>
    /// <param name="service">The name of the service, unless the environment gives one.</param>
    /// <param name="sources">The activity sources of its spans.</param>
    /// <returns>Where its metrics are set up.</returns>
    public OpenTelemetryBuilder AddTo(IHostApplicationBuilder application, string service, params string[] sources)
    {
        ArgumentNullException.ThrowIfNull(application);
        var telemetry = application.Services.AddOpenTelemetry();
        if (!Traces && !Metrics)
        {
            return telemetry;
        }

        // The exporter looks for its variables here, where programs that are told everything by flags have nothing.
        application.Configuration.AddInMemoryCollection(
            Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
                .Where(variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal)));
        application.Services.AddOptions<OtlpExporterOptions>().Configure<ILoggerFactory>((exporter, loggers) =>
        {
            var create = exporter.HttpClientFactory;
            exporter.HttpClientFactory = () => CollectorWatch.Over(create(), loggers.CreateLogger<OtlpExport>());
        });
        if (NamesService)
        {
            telemetry.ConfigureResource(resource => resource.AddService(service, serviceVersion: ProgramVersion.Text));
        }

        if (Traces)
        {
            telemetry.WithTracing(tracing => tracing.AddSource(sources).AddOtlpExporter());
        }

        if (Metrics)
        {
            telemetry.WithMetrics(metrics => metrics.AddOtlpExporter());
        }

        return telemetry;
    }
}
