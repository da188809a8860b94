using System.Net;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary>Spans and metrics by OTLP, as a receiver gets them that speaks OTLP over HTTP: no collector is to be had everywhere.</summary>
public sealed class TracingTests : IDisposable
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c";
    private const string Caller = "b7ad6b7169203331";
    private const int Server = 2;
    private const int Client = 3;
    private const int Error = 2;

    private readonly TempDirectory _directory = new("tracing");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_IsASpanWithItsParts_AndItsTraceGoesOnInWhatTheGuestAsks()
    {
        await using var collector = await TargetServer.StartAsync();
        await using var upstream = await TargetServer.StartAsync();
        await using var runtime = await StartAsync(collector, upstream);

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/fetch?url={Uri.EscapeDataString(upstream.Origin + "/x?secret=1")}");
        request.Headers.Add("traceparent", $"00-{Trace}-{Caller}-01");
        using var response = await runtime.Client.SendAsync(request, Cancellation);
        Assert.Equal("hello", await response.Content.ReadAsStringAsync(Cancellation));

        var spans = await SpansAsync(collector, spans => spans.Any(span => span.Kind == Server) && spans.Any(span => span.Kind == Client));
        var served = Assert.Single(spans, span => span.Kind == Server);
        Assert.Equal((Trace, Caller, "GET /fetch", "wagi"), (served.Trace, served.Parent, served.Name, served.Service));
        Assert.Equal(
            ("200", "/fetch", "fetch", "completed", response.Headers.GetValues("X-Request-Id").Single()),
            (served.Attributes["http.response.status_code"], served.Attributes["http.route"], served.Attributes["wagi.module"], served.Attributes["wagi.outcome"],
                served.Attributes["wagi.request.id"]));
        var parts = spans.Where(span => span.Parent == served.Id && span.Kind != Client).OrderBy(span => span.Start).ToList();
        Assert.Equal(["waiting", "instance", "guest"], parts.Select(part => part.Name).Take(3));
        Assert.All(parts, part => Assert.InRange(part.Start, served.Start, served.End));

        var asked = Assert.Single(spans, span => span.Kind == Client);
        Assert.Equal((Trace, served.Id), (asked.Trace, asked.Parent));
        Assert.DoesNotContain(asked.Attributes.Values, value => value.Contains("secret", StringComparison.Ordinal));
        Assert.Equal($"00-{Trace}-{asked.Id}-01", Assert.Single(upstream.Requests).Headers["traceparent"]);
    }

    [Fact]
    public async Task Guest_SeesTheContextOfItsRequest_AndAFailureIsOne()
    {
        await using var collector = await TargetServer.StartAsync();
        await using var runtime = await StartAsync(collector);

        var environment = await runtime.Client.GetStringAsync("/env", Cancellation);
        using var failed = await runtime.Client.GetAsync("/trap", Cancellation);

        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        var spans = await SpansAsync(collector, spans => spans.Count(span => span.Kind == Server) == 2);
        var (seen, trap) = (spans.Single(span => span.Name == "GET /env"), spans.Single(span => span.Name == "GET /trap"));
        Assert.Contains($"HTTP_TRACEPARENT=00-{seen.Trace}-{seen.Id}-01\n", environment, StringComparison.Ordinal);
        Assert.Equal(("", 0), (seen.Parent, seen.StatusCode));
        Assert.Equal((Error, "trapped"), (trap.StatusCode, trap.Attributes["error.type"]));
    }

    [Fact]
    public async Task RequestThatItsCallerDoesNotSample_HasNoSpan()
    {
        await using var collector = await TargetServer.StartAsync();
        await using var runtime = await StartAsync(collector);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/env");
        request.Headers.Add("traceparent", $"00-{Trace}-{Caller}-00");

        using var unsampled = await runtime.Client.SendAsync(request, Cancellation);
        await runtime.Client.GetStringAsync("/env", Cancellation);

        var spans = await SpansAsync(collector, spans => spans.Any(span => span.Kind == Server));
        Assert.DoesNotContain(spans, span => span.Trace == Trace);
        Assert.Contains($"HTTP_TRACEPARENT=00-{Trace}-", await unsampled.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_AreSentToo()
    {
        await using var collector = await TargetServer.StartAsync();
        await using var runtime = await StartAsync(collector);
        await runtime.Client.GetStringAsync("/env", Cancellation);

        await Eventually.Becomes(
            () => OtlpRequests.Metrics(collector), names => names.IsSupersetOf(["wagi_requests_total", "wagi_request_duration_seconds", "wagi_modules"]),
            cancellationToken: Cancellation);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' is not a URL such as http://collector:4317")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' is not supported; write grpc or http/protobuf")]
    public async Task SettingThatIsWrong_IsNamed(string variable, string expected)
    {
        SkipWithout();
        var kubeconfig = _directory.Write(
            "kubeconfig",
            "{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], "
                + "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}], users: [{name: u, user: {token: t}}]}");
        foreach (string[] command in new[] { [Checkout.Wagi, "serve", "-c", "/dev/null", "-l", "127.0.0.1:0", "--admin", "127.0.0.1:0"], new[] { Checkout.Operator, "run", "--kubeconfig", kubeconfig } })
        {
            var result = await Command.RunAsync("env", ["OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", variable, .. command], cancellationToken: Cancellation);

            Assert.Equal(2, result.ExitCode);
            Assert.Contains(expected, result.Stderr, StringComparison.Ordinal);
        }
    }

    private static void SkipWithout()
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi) || !File.Exists(Checkout.Operator), "the programs are not published: run 'make publish'");
        Assert.SkipWhen(
            Checkout.WhyNoSample("fetch-c") is not null || Checkout.WhyNoSample("env-c") is not null, Checkout.WhyNoSample("fetch-c") ?? Checkout.WhyNoSample("env-c") ?? "");
    }

    private static Task<IReadOnlyList<OtlpSpan>> SpansAsync(TargetServer collector, Func<IReadOnlyList<OtlpSpan>, bool> condition) =>
        Eventually.Becomes(() => OtlpRequests.Spans(collector), condition, cancellationToken: Cancellation);

    private async Task<RuntimeProcess> StartAsync(TargetServer collector, TargetServer? upstream = null)
    {
        SkipWithout();
        var trap = _directory.Write("trap.wat", """(module (memory (export "memory") 1) (func (export "_start") unreachable))""");
        var configuration = _directory.Write(
            "modules.toml",
            $"""
            [[module]]
            id = "fetch"
            route = "/fetch"
            module = "{Checkout.Sample("fetch-c")}"
            allowed_hosts = ["{upstream?.Origin ?? "http://127.0.0.1:1"}"]

            [[module]]
            route = "/env"
            module = "{Checkout.Sample("env-c")}"

            [[module]]
            route = "/trap"
            module = "{trap}"
            """);
        var runtime = await RuntimeProcess.StartAsync(
            ["-c", configuration, "--module-cache", _directory.PathOf("cache")], Cancellation,
            "env", $"OTEL_EXPORTER_OTLP_ENDPOINT={collector.Origin}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_SCHEDULE_DELAY=100",
            "OTEL_METRIC_EXPORT_INTERVAL=300");
        await Eventually.Becomes(
            runtime.StatusAsync, status => status.Modules.Length == 3 && status.Modules.All(module => module.State == ModuleState.Ready), cancellationToken: Cancellation);
        return runtime;
    }

    public void Dispose() => _directory.Dispose();
}
