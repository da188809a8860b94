using System.Net;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Kubernetes.Tests.ApiServer;

public sealed class ApiServerClientTests
{
    [Theory]
    [InlineData("7")]
    [InlineData("Fri, 31 Dec 2027 23:59:07 GMT")]
    public async Task ServerWithTooMuchToDo_SaysForHowLong(string retryAfter)
    {
        using var server = new BusyServer(retryAfter);
        using var client = new ApiServerClient("tests", new k8s.KubernetesClientConfiguration { Host = "http://127.0.0.1:1" }, server);

        var refusal = await Assert.ThrowsAsync<ApiServerException>(
            () => client.GetAsync("/", ApiServerJsonContext.Default.PartialObject, accept: null, TestContext.Current.CancellationToken));

        Assert.Equal(TimeSpan.FromSeconds(7), refusal.RetryAfter);
    }

    private sealed class BusyServer(string retryAfter) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
            response.Headers.Date = new DateTimeOffset(2027, 12, 31, 23, 59, 0, TimeSpan.Zero);
            response.Headers.Add("Retry-After", retryAfter);
            return Task.FromResult(response);
        }
    }
}
