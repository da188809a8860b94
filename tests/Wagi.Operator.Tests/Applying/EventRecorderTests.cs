using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Applying;
using Wagi.Operator.Planning;
using Wagi.Operator.Tests.Loops;
using Wagi.Operator.Tests.Planning;

namespace Wagi.Operator.Tests.Applying;

/// <summary>An API server that does not want events now.</summary>
public sealed class EventRecorderTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly StandInServer _server = new();
    private readonly ApiServerClient _client;
    private readonly EventRecorder _events;

    public EventRecorderTests()
    {
        _client = new ApiServerClient("tests", new k8s.KubernetesClientConfiguration { Host = "http://127.0.0.1:1" }, _server);
        _events = new EventRecorder(_client, "test", _time, NullLogger<EventRecorder>.Instance);
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(24 * 60 * 60, 5 * 60)]
    public async Task EventsThatCannotBeSentYet_AreDropped_UntilTheServerWantsThemAgain(int retryAfter, int expected)
    {
        _server.RetryAfter = TimeSpan.FromSeconds(retryAfter);
        await RecordAsync();
        Assert.Equal(1, _server.Asked);
        _server.RetryAfter = null;

        _time.Advance(TimeSpan.FromSeconds(expected - 0.1));
        await RecordAsync();
        Assert.Equal(1, _server.Asked);

        _time.Advance(TimeSpan.FromSeconds(0.1));
        await RecordAsync();
        Assert.Equal(3, _server.Asked);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    private Task RecordAsync() => _events.RecordAsync(
        Scenario.Module("hello", new WagiModuleSpec { Route = "/hello", Module = "ghcr.io/example/hello:v1" }, "shop"),
        new PlanEvent("Normal", "Programmed", "it is"), TestContext.Current.CancellationToken);

    /// <summary>Has no events, and takes all.</summary>
    private sealed class StandInServer : DelegatingHandler
    {
        public int Asked { get; private set; }

        public TimeSpan? RetryAfter { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked++;
            return Task.FromResult(
                RetryAfter is { } wait ? new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { RetryAfter = new RetryConditionHeaderValue(wait) } }
                : request.Method == HttpMethod.Get ? new HttpResponseMessage(HttpStatusCode.NotFound)
                : new HttpResponseMessage(HttpStatusCode.Created) { Content = new StringContent("{}") });
        }
    }
}
