using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Wagi.Hosting.Supervision;
using Wagi.Hosting.Telemetry;
using Wagi.Runtime.Admin;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Admin;

public sealed class AdminServerTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Liveness_IsProofOfProgress()
    {
        var time = new FakeTimeProvider();
        var supervisor = new Supervisor(time);
        supervisor.Add("the configuration loop", TimeSpan.FromMinutes(1), (_, stopping) => Task.Delay(Timeout.Infinite, stopping));
        await using var host = new ModuleHost(null!, agreement: null, TimeProvider.System, NullLogger<ModuleHost>.Instance);
        await using var admin = new AdminServer(new IPEndPoint(IPAddress.Loopback, 0), host, "pool", supervisor, NullLoggerFactory.Instance, OtlpExport.None);
        await admin.StartAsync();
        using var client = new HttpClient();

        using var alive = await client.GetAsync(admin.Url + "/healthz/live", Cancellation);
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);

        time.Advance(TimeSpan.FromMinutes(2));
        using var stalled = await client.GetAsync(admin.Url + "/healthz/live", Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, stalled.StatusCode);
        Assert.Equal("the configuration loop has made no progress for 120 s\n", await stalled.Content.ReadAsStringAsync(Cancellation));
        await admin.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Metrics_HaveSeriesForEachOfThousandsOfModules()
    {
        const int Modules = 5000;
        using var metrics = new RequestMetrics();
        using var bodies = new BodyStore(new BodyOptions(), Path.GetTempPath() + "no-such-folder", NullLogger.Instance).Of("many", "");
        await using var host = new ModuleHost(null!, agreement: null, TimeProvider.System, NullLogger<ModuleHost>.Instance);
        await using var admin = new AdminServer(
            new IPEndPoint(IPAddress.Loopback, 0), host, "pool", new Supervisor(TimeProvider.System), NullLoggerFactory.Instance, OtlpExport.None);
        await admin.StartAsync();
        for (var module = 0; module < Modules; module++)
        {
            var handler = new HandlerMetrics(metrics, $"many/{module}", new ConcurrencyGate(1, 1), bodies);
            handler.Record(RequestOutcome.Completed, 200, TimeSpan.FromMilliseconds(1));
            handler.Record(RequestOutcome.Trapped, 500, TimeSpan.FromMilliseconds(1));
            handler.Record(RequestOutcome.BodyTooLarge, 413, TimeSpan.FromMilliseconds(1));
        }

        using var client = new HttpClient();
        var text = await client.GetStringAsync(admin.Url + "/metrics", Cancellation);

        Assert.DoesNotContain("overflow", text, StringComparison.Ordinal);
        foreach (var (series, each) in new[] { ("wagi_requests_total", 3), ("wagi_request_duration_seconds_count", 1), ("wagi_requests_running", 1), ("wagi_body_bytes", 2) })
        {
            var lines = text.Split('\n').Count(line => line.StartsWith(series, StringComparison.Ordinal) && line.Contains("module=\"many/", StringComparison.Ordinal));
            Assert.Equal((series, each * Modules), (series, lines));
        }

        await admin.StopAsync(Cancellation);
    }

    /// <summary>A person reads it with curl, and messages quote code.</summary>
    [Fact]
    public async Task Status_IsReadableJson_AndNothingElse()
    {
        await using var host = await ServerHost.ServeAsync("[[module]]\nid = \"it's `ä` <&+\"\nroute = \"/a\"\nmodule = \"guest.wat\"\n", Wat.Echo);

        using var response = await host.Admin.GetAsync("/status", Cancellation);

        Assert.Contains("\"id\": \"it's `ä` <&+\"", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(["nosniff"], response.Headers.GetValues("X-Content-Type-Options"));
    }
}
