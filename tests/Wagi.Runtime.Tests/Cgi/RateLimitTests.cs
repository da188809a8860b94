using System.Net;
using Wagi.Modules.Limits;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>Modules whose entry has a <c>rate_limit</c>.</summary>
public sealed class RateLimitTests
{
    private const string Answer = "Content-Type: text/plain\n\ndone";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(3, 3600, 1200)]
    [InlineData(2, 60, 30)]
    [InlineData(1, 3600, 3600)]
    public async Task RequestsBeyondTheRate_Get429_AndAreToldWhenToComeAgain(int requests, int seconds, int wait)
    {
        await using var host = await HandlerHost.StartAsync(
            Wat.Printing(Answer), entry: entry => entry with { RateLimit = new RequestRate(requests, TimeSpan.FromSeconds(seconds)) });
        for (var i = 0; i < requests; i++)
        {
            Assert.Equal("done", await host.Client.GetStringAsync("/", Cancellation));
        }

        using var response = await host.Client.PostAsync("/", new ByteArrayContent(new byte[100_000]), Cancellation);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(wait), response.Headers.RetryAfter?.Delta);
        Assert.StartsWith("429 too many requests (request ", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain(host.Log.Lines, line => line.StartsWith("Information tests/handler ", StringComparison.Ordinal)); // the access log has it
    }

    [Fact]
    public async Task Rate_HasRoomAgain_AfterAWhile()
    {
        await using var host = await HandlerHost.StartAsync(
            Wat.Printing(Answer), entry: entry => entry with { RateLimit = new RequestRate(1, TimeSpan.FromSeconds(1)) });

        foreach (var expected in new[] { HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.OK })
        {
            await Eventually.Becomes(
                async token =>
                {
                    using var response = await host.Client.GetAsync("/", token);
                    return response.StatusCode;
                },
                status => status == expected,
                cancellationToken: Cancellation);
        }
    }

    [Fact]
    public async Task Rate_IsTheModulesOwn()
    {
        await using var host = await ServerHost.ServeAsync(
            "[[module]]\nroute = \"/limited\"\nmodule = \"guest.wat\"\nrate_limit = \"2/h\"\n"
            + "[[module]]\nroute = \"/...\"\nmodule = \"guest.wat\"\n",
            Wat.Printing(Answer));
        var statuses = new List<(HttpStatusCode Limited, HttpStatusCode Other)>();
        for (var i = 0; i < 4; i++)
        {
            using var limited = await host.Client.GetAsync("/limited", Cancellation);
            using var other = await host.Client.GetAsync("/other", Cancellation);
            statuses.Add((limited.StatusCode, other.StatusCode));
        }

        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests, HttpStatusCode.TooManyRequests], statuses.Select(pair => pair.Limited));
        Assert.All(statuses, pair => Assert.Equal(HttpStatusCode.OK, pair.Other));
    }
}
