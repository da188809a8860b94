using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Wagi.Hosting.CommandLine;
using Wagi.Hosting.Logging;
using Wagi.Hosting.Telemetry;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;

namespace Wagi.Hosting.Tests.Telemetry;

/// <summary>What the environment asks for; what comes of it is in the tests of whole programs.</summary>
public sealed class OtlpExportTests
{
    [Theory]
    [InlineData("", false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=", false, false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317", true, true)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=https://collector/otlp OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", true, true)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317 OTEL_EXPORTER_OTLP_HEADERS=a=b%20c,d=e=", true, true)]
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
    [InlineData(
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317 OTEL_EXPORTER_OTLP_HEADERS=foo",
        "OTEL_EXPORTER_OTLP_HEADERS is not NAME=VALUE, or several of them with commas between")]
    [InlineData(
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317 OTEL_TRACES_SAMPLER=foo",
        "OTEL_TRACES_SAMPLER: 'foo' is not supported; write always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio")]
    [InlineData(
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4317 OTEL_TRACES_SAMPLER=ParentBased_TraceIdRatio OTEL_TRACES_SAMPLER_ARG=1%",
        "OTEL_TRACES_SAMPLER_ARG: '1%' is not a number from 0 to 1, such as 0.01")]
    public void SettingThatIsWrong_IsNamed(string environment, string expected) =>
        Assert.Equal(expected, Assert.Throws<UsageException>(() => Read(environment)).Message);

    [Fact]
    public async Task CollectorThatTakesNothing_IsLoggedOnce_AndOnceWhenItTakesItAgain()
    {
        var status = StatusCodes.Status503ServiceUnavailable;
        await using var collector = await TargetServer.StartAsync(context =>
        {
            context.Response.StatusCode = Volatile.Read(ref status);
            return Task.CompletedTask;
        });
        using var spans = new ActivitySource(nameof(CollectorThatTakesNothing_IsLoggedOnce_AndOnceWhenItTakesItAgain));
        var log = await LogAsync(collector.Origin, "http/protobuf", spans, async _ =>
        {
            await SendAsync(spans, collector, 3);
            Volatile.Write(ref status, StatusCodes.Status200OK);
            await SendAsync(spans, collector, 3);
        });

        Assert.Equal(
            [
                $"Warning The collector at {collector.Origin}/v1/traces takes no telemetry: it answered 503 Service Unavailable; see that it runs, that this program may reach it, and that OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_PROTOCOL are right. It is tried again, and what is lost meanwhile stays lost",
                $"Information The collector at {collector.Origin}/v1/traces takes telemetry again",
            ],
            log.Where(line => line.Contains("The collector", StringComparison.Ordinal)));
    }

    /// <summary>The protocol that holds where the environment names none.</summary>
    [Fact]
    public async Task CollectorOfGrpc_IsSentSpans()
    {
        await using var collector = await TargetServer.StartAsync(OtlpRequests.AnswerGrpcAsync, protocols: HttpProtocols.Http2);
        using var spans = new ActivitySource(nameof(CollectorOfGrpc_IsSentSpans));
        var log = await LogAsync(collector.Origin, "grpc", spans, async _ => await SendAsync(spans, collector, 2));

        var sent = OtlpRequests.Spans(collector);
        Assert.Equal(["span", "span"], sent.Select(span => span.Name));
        Assert.All(sent, span => Assert.Equal("test", span.Service));
        Assert.DoesNotContain(log, line => line.Contains("The collector", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CollectorThatIsNotThere_IsLogged_WithWhatIsWrong()
    {
        using var spans = new ActivitySource(nameof(CollectorThatIsNotThere_IsLogged_WithWhatIsWrong));
        var log = await LogAsync("http://user:hunter2@127.0.0.1:1", "grpc", spans, async log =>
        {
            spans.StartActivity("span")!.Dispose();
            await Eventually.Becomes(
                _ => Task.FromResult(log), lines => lines.Any(line => line.Contains("The collector", StringComparison.Ordinal)), cancellationToken: TestContext.Current.CancellationToken);
        });

        Assert.Contains(log, line => line.StartsWith("Warning The collector at http://127.0.0.1:1/", StringComparison.Ordinal)
            && line.Contains(" takes no telemetry: Connection refused (127.0.0.1:1); see that it runs", StringComparison.Ordinal));
    }

    /// <summary>The lines of a program's log that sends spans.</summary>
    private static async Task<IEnumerable<string>> LogAsync(string endpoint, string protocol, ActivitySource spans, Func<IEnumerable<string>, Task> act)
    {
        var lines = new ConcurrentQueue<string>();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(new LogWriter(new Plain(lines), TextWriter.Null));
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = endpoint,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
            ["OTEL_METRICS_EXPORTER"] = "none",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "20",
        });
        OtlpExport.Read(name => builder.Configuration[name]).AddTo(builder, "test", spans.Name);
        using (var host = builder.Build())
        {
            await host.StartAsync(TestContext.Current.CancellationToken);
            await act(lines);
            await host.StopAsync(TestContext.Current.CancellationToken);
        }

        return lines;
    }

    private static async Task SendAsync(ActivitySource spans, TargetServer collector, int requests)
    {
        for (var expected = collector.Requests.Count + requests; collector.Requests.Count < expected;)
        {
            var before = collector.Requests.Count;
            spans.StartActivity("span")!.Dispose();
            await Eventually.Becomes(_ => Task.FromResult(collector.Requests.Count), count => count > before, cancellationToken: TestContext.Current.CancellationToken);
        }
    }

    private sealed class Plain(ConcurrentQueue<string> lines) : ConsoleFormatter("plain")
    {
        public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter) =>
            lines.Enqueue($"{logEntry.LogLevel} {logEntry.Formatter(logEntry.State, logEntry.Exception)}");
    }

    private static OtlpExport Read(string environment)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return OtlpExport.Read(variables.GetValueOrDefault);
    }
}
