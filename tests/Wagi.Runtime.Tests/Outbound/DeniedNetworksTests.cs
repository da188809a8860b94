using System.Net;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster.Http;
using static Wagi.Runtime.Tests.Harness.OutboundGuest;
using static Wagi.Runtime.Tests.Harness.OutboundTest;

namespace Wagi.Runtime.Tests.Outbound;

/// <summary>Networks that the runtime denies to modules (<c>--outbound-deny</c>).</summary>
public class DeniedNetworksTests
{
    [Theory]
    [InlineData("127.0.0.0/8", "127.0.0.1")]
    [InlineData("127.0.0.0/8", "[::ffff:127.0.0.1]")]
    [InlineData("::1/128", "[::1]")]
    public async Task AllowedHost_InADeniedNetwork_IsNotReached(string denied, string host)
    {
        await using var target = await TargetServer.StartAsync();
        var origin = $"http://{host}:{new Uri(target.Origin).Port}";
        await using var server = await StartAsync(origin, denied);

        Assert.Equal(Letter(7), await PrintedAsync(server));

        Assert.Empty(target.Requests);
        Assert.Contains(server.Log.Lines, line => line.Contains("denies to modules", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Name_ThatLeadsToADeniedAddress_IsNotReached()
    {
        await using var target = await TargetServer.StartAsync();
        await using var server = await StartAsync($"http://localhost:{new Uri(target.Origin).Port}", "127.0.0.0/8", "::1/128");

        Assert.Equal(Letter(7), await PrintedAsync(server));

        Assert.Empty(target.Requests);
    }

    [Fact]
    public async Task Redirect_IntoADeniedNetwork_IsNotFollowed()
    {
        await using var inside = await TargetServer.StartAsync();
        var port = new Uri(inside.Origin).Port;
        await using var target = await TargetServer.StartAsync(context =>
        {
            context.Response.Redirect($"http://127.0.0.2:{port}/");
            return Task.CompletedTask;
        });
        await using var server = await StartAsync(target.Origin, ["insecure:allow-all"], "127.0.0.2/32");

        Assert.Equal(Letter(7), await PrintedAsync(server));

        Assert.Empty(inside.Requests);
    }

    [Fact]
    public async Task OtherAddresses_AreReached()
    {
        await using var target = await TargetServer.StartAsync();
        await using var server = await StartAsync(target.Origin, "169.254.0.0/16", "fe80::/10");

        Assert.Equal("A", await PrintedAsync(server));

        Assert.Single(target.Requests);
    }

    private static Task<HandlerHost> StartAsync(string origin, params string[] denied) => StartAsync(origin, [origin], denied);

    private static Task<HandlerHost> StartAsync(string origin, string[] allowed, params string[] denied) => HandlerHost.StartAsync(
        new OutboundGuest().Request(origin + "/").ToString(),
        entry: Allowing(allowed),
        outbound: new OutboundClient([.. denied.Select(text => IPNetwork.Parse(text))]));
}
