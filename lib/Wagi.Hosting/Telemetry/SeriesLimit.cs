using OpenTelemetry.Metrics;

namespace Wagi.Hosting.Telemetry;

/// <summary>
/// How many series an instrument may have. OpenTelemetry makes room for all of them when the instrument is made, and adds up
/// what comes beyond in one series, <c>otel_metric_overflow="true"</c> ("Metrics SDK", "Cardinality Limits").
/// </summary>
public static class SeriesLimit
{
    /// <summary>For labels with a few values each. OpenTelemetry's own default is 2,000, and making room for so many in each instrument delays the start by milliseconds.</summary>
    public const int Few = 200;

    /// <summary>For labels that name a module: there are thousands, and those that are gone stay counted.</summary>
    public const int ByModule = 20_000;

    /// <summary>The settings of an instrument whose labels have a few values each.</summary>
    public static MetricStreamConfiguration ForFew => new() { CardinalityLimit = Few };
}
