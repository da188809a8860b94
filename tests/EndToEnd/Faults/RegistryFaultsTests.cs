using Microsoft.AspNetCore.Http;
using Wagi.TestCluster.Http;

namespace Wagi.EndToEnd.Faults;

/// <summary>A registry in trouble, for the operator that asks for tags and the runtime that pulls. What is served stays served.</summary>
public sealed class RegistryFaultsTests(FaultsFixture fixture) : FaultTests(fixture)
{
    [Fact]
    public async Task RegistryThatIsSlow_DelaysTheChange()
    {
        StartOperator();
        await ServeAsync();
        Registry.Instead = async context =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), context.RequestAborted);
            return false;
        };

        await ChangeAsync();

        await EndsAsCleanRunAsync();
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
