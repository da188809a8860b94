using System.Net;
using Microsoft.AspNetCore.Http;
using Wagi.Modules.Network;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster.Http;
using static Wagi.Runtime.Tests.Harness.OutboundGuest;
using static Wagi.Runtime.Tests.Harness.OutboundTest;

namespace Wagi.Runtime.Tests.Outbound;

/// <summary>Addresses that modules do not reach, whatever their <c>allowed_hosts</c> say.</summary>
public class DeniedAddressesTests
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
        Assert.Contains(server.Log.Lines, line => line.Contains("is denied", StringComparison.Ordinal));
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

    [Fact]
    public async Task Service_IsDeniedAtItsPort_ByAllItsNames()
    {
        await using var target = await TargetServer.StartAsync();
        var port = new Uri(target.Origin).Port;
        foreach (var host in new[] { "127.0.0.1", "localhost", "[::ffff:127.0.0.1]" })
        {
            await using var server = await StartAsync(
                $"http://{host}:{port}", [$"http://{host}:{port}"], new AddressRules { DeniedServices = [new DnsEndPoint("localhost", port)] });

            Assert.Equal(Letter(7), await PrintedAsync(server));
        }

        Assert.Empty(target.Requests);
    }

    [Fact]
    public async Task ServiceThatDoesNotResolve_LeavesItsPortClosed()
    {
        await using var target = await TargetServer.StartAsync();
        var port = new Uri(target.Origin).Port;
        var rules = new AddressRules { DeniedServices = [new DnsEndPoint("wagi-runtime-admin.invalid", port)] };
        await using var server = await StartAsync(target.Origin, [target.Origin], rules);

        Assert.Equal(Letter(7), await PrintedAsync(server));

        Assert.Empty(target.Requests);
    }

    [Theory]
    [InlineData("127.0.0.1", "http://127.0.0.1", true)]
    [InlineData("localhost", "http://localhost", true)]
    [InlineData("127.0.0.1", "insecure:allow-all", false)]
    [InlineData("localhost", "insecure:allow-all", false)]
    public async Task ThisMachine_OfAPerson_IsReachedOnlyIfAllowedHostsNamesIt(string host, string allowed, bool isReached)
    {
        await using var target = await TargetServer.StartAsync();
        var port = new Uri(target.Origin).Port;
        var entry = allowed.StartsWith("http:", StringComparison.Ordinal) ? $"{allowed}:{port}" : allowed;
        await using var server = await StartAsync($"http://{host}:{port}", [entry], new AddressRules { Own = OwnAddresses.ByName });

        Assert.Equal(isReached ? "A" : Letter(7), await PrintedAsync(server));

        Assert.Equal(isReached ? 1 : 0, target.Requests.Count);
    }

    private static Task<HandlerHost> StartAsync(string origin, params string[] denied) => StartAsync(origin, [origin], denied);

    private static Task<HandlerHost> StartAsync(string origin, string[] allowed, params string[] denied) =>
        StartAsync(origin, allowed, new AddressRules { DeniedNetworks = [.. denied.Select(text => IPNetwork.Parse(text))] });

    private static Task<HandlerHost> StartAsync(string origin, string[] allowed, AddressRules rules) => HandlerHost.StartAsync(
        new OutboundGuest().Request(origin + "/").ToString(), entry: Allowing(allowed), outbound: new OutboundClient(new AddressGuard(rules)));
}
