using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Wagi.TestCluster.Http;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Faults;

/// <summary>A registry in trouble, for the operator that asks for tags and the runtime that pulls. What is served stays served.</summary>
public sealed class RegistryFaultsTests(FaultsFixture fixture) : FaultTests(fixture)
{
    /// <summary>
    /// The change comes as much later as the registry takes for what is asked of it one after the other: the digest, the manifest and the
    /// module. A change of the same kind before the harm says how long it takes without.
    /// </summary>
    [Fact]
    public async Task RegistryThatIsSlow_DelaysTheChange()
    {
        var delay = TimeSpan.FromSeconds(2);
        StartOperator();
        await ServeAsync();
        await System.PushAsync(Checkout.Sample("env-c")!, $"{Tenant}/hello:other");
        var begun = Stopwatch.GetTimestamp();
        await ChangeAsync("other");
        await System.Runtime.AnswerAsync($"/{Tenant}", HttpStatusCode.OK, body => body.Contains("GATEWAY_INTERFACE", StringComparison.Ordinal), Cancellation);
        var without = Stopwatch.GetElapsedTime(begun);
        var requests = 0;
        Registry.Instead = async context =>
        {
            Interlocked.Increment(ref requests);
            await Task.Delay(delay, context.RequestAborted);
            return false;
        };

        begun = Stopwatch.GetTimestamp();
        await ChangeAsync();
        await ChangeArrivesAsync();
        var with = Stopwatch.GetElapsedTime(begun);

        await EndsAsCleanRunAsync();
        Assert.True(requests >= 3, $"{requests} requests");
        Assert.True(with >= 3 * delay && with > without + delay, $"{with} with the delay, {without} without");
    }

    [Fact]
    public async Task RegistryThatFailsHalfOfItsRequests_DelaysTheChange()
    {
        StartOperator();
        await ServeAsync();
        var requests = 0;
        Registry.Instead = context =>
        {
            var fails = Interlocked.Increment(ref requests) % 2 == 1;
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.FromResult(fails);
        };

        await ChangeAsync();

        await EndsAsCleanRunAsync();
        Assert.True(requests >= 4, $"{requests} requests");
    }

    [Fact]
    public async Task RegistryThatAnswersHtml_IsToldSo_AndTheChangeComesWhenItIsWell()
    {
        StartOperator();
        await ServeAsync();
        Registry.Instead = async context =>
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.WriteAsync("<html>Please log in</html>");
            return true;
        };

        await ChangeAsync();
        Assert.Contains("web page", await System.ConditionAsync(Tenant, "hello", "Resolved", "False", "PullFailed"), StringComparison.Ordinal);
        Registry.Heal();

        await EndsAsCleanRunAsync();
    }
}
