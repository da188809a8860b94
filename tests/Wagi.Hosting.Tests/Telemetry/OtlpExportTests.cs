using Wagi.Hosting.CommandLine;
using Wagi.Hosting.Telemetry;

namespace Wagi.Hosting.Tests.Telemetry;

/// <summary>What the environment asks for; what comes of it is in the tests of whole programs.</summary>
public sealed class OtlpExportTests
{
    [Theory]
    [InlineData("", false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=", false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", true, true)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=https://collector/otlp OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", true, true)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317 OTEL_TRACES_EXPORTER=none", false, true)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317 OTEL_METRICS_EXPORTER=none", true, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317 OTEL_SDK_DISABLED=TRUE", false, false)]
    public void Endpoint_Decides_AndWhatIsSwitchedOffStaysOff(string environment, bool traces, bool metrics)
    {
        var export = Read(environment);

        Assert.Equal((traces, metrics), (export.Traces, export.Metrics));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' is not a URL such as http://collector:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=collector", "OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' is not a URL such as http://collector:4317")]
    [InlineData(
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 OTEL_EXPORTER_OTLP_PROTOCOL=http/json",
        "OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' is not supported; write grpc or http/protobuf")]
    public void SettingThatIsWrong_IsNamed(string environment, string expected) =>
        Assert.Equal(expected, Assert.Throws<UsageException>(() => Read(environment)).Message);

    private static OtlpExport Read(string environment)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return OtlpExport.Read(variables.GetValueOrDefault);
    }
}
