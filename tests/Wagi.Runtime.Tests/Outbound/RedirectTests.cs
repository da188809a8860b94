using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster.Http;
using static Wagi.Runtime.Tests.Harness.OutboundGuest;
using static Wagi.Runtime.Tests.Harness.OutboundTest;

namespace Wagi.Runtime.Tests.Outbound;

/// <summary>Redirects are followed, and each of their targets is checked.</summary>
public class RedirectTests
{
    [Theory]
    [InlineData(301, "POST", "GET")]
    [InlineData(302, "POST", "GET")]
    [InlineData(303, "POST", "GET")]
    [InlineData(307, "POST", "POST")]
    [InlineData(308, "POST", "POST")]
    [InlineData(301, "PUT", "PUT")]
    [InlineData(303, "PUT", "GET")]
    [InlineData(303, "HEAD", "HEAD")]
    public async Task Redirect_IsFollowed_WithTheMethodThatItsStatusAsksFor(int status, string method, string followed)
    {
        await using var target = await TargetServer.StartAsync(context => RedirectOnce(context, status, "../there?q=1"));
        var body = method == "HEAD" ? "" : "sent";

        await RunAsync(new OutboundGuest().Request(target.Origin + "/a/b", method, "content-type:text/x\nx-own:1\n", body), target.Origin);

        var last = target.Requests.Last();
        Assert.Equal(2, target.Requests.Count);
        Assert.Equal((followed, "/there?q=1", followed == "GET" ? "" : body), (last.Method, last.Path, last.Body));
        Assert.Equal("1", last.Headers["x-own"]);
        Assert.Equal(followed != "GET", last.Headers.ContainsKey("content-type"));
    }

    [Fact]
    public async Task Redirect_ToAnOriginThatIsNotListed_IsRefused()
    {
        await using var elsewhere = await TargetServer.StartAsync();
        await using var target = await TargetServer.StartAsync(context => RedirectOnce(context, 302, elsewhere.Origin + "/there"));
        await using var host = await HostAsync(new OutboundGuest().Request(target.Origin + "/a"), [target.Origin]);

        Assert.Equal(Letter(7), await PrintedAsync(host));

        Assert.Empty(elsewhere.Requests);
        Assert.Contains(host.Log.Lines, line => line.Contains("a redirect led to", StringComparison.Ordinal) && line.Contains(elsewhere.Origin, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Credentials_StayWithTheirOrigin()
    {
        await using var elsewhere = await TargetServer.StartAsync();
        await using var target = await TargetServer.StartAsync(
            context => RedirectOnce(context, 307, context.Request.Path == "/away" ? elsewhere.Origin + "/there" : "/there"));
        const string Headers = "Authorization:secret\nCookie:a=secret\nx-own:1\n";
        var guest = new OutboundGuest().Request(target.Origin + "/stay", "GET", Headers).Request(target.Origin + "/away", "GET", Headers);

        Assert.Equal("AA", await RunAsync(guest, target.Origin, elsewhere.Origin));

        Assert.Equal("secret", target.Requests.Single(request => request.Path == "/there").Headers["authorization"]);
        var there = Assert.Single(elsewhere.Requests).Headers;
        Assert.Equal("1", there["x-own"]);
        Assert.DoesNotContain("authorization", there.Keys);
        Assert.DoesNotContain("cookie", there.Keys);
    }

    [Theory]
    [InlineData(10, 0)]
    [InlineData(11, 11)]
    public async Task Redirects_ComeToAnEnd(int count, int error)
    {
        var left = count;
        await using var target = await TargetServer.StartAsync(context =>
        {
            if (left-- > 0)
            {
                context.Response.Redirect("/again");
            }

            return Task.CompletedTask;
        });

        Assert.Equal(Letter(error), await RunAsync(new OutboundGuest().Request(target.Origin), target.Origin));

        Assert.Equal(11, target.Requests.Count);
    }

    [Theory]
    [InlineData("file:///etc/passwd", 302, 10)]
    [InlineData(null, 302, 0)]
    [InlineData("/there", 300, 0)]
    [InlineData("/there", 304, 0)]
    public async Task Redirect_ThatIsNone_IsTheAnswer(string? location, int status, int error)
    {
        await using var target = await TargetServer.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = location;
            return Task.CompletedTask;
        });

        Assert.Equal(Letter(error), await RunAsync(new OutboundGuest().Request(target.Origin), target.Origin));

        Assert.Single(target.Requests);
    }

    private static Task RedirectOnce(HttpContext context, int status, string location)
    {
        if (context.Request.Path != "/there")
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = location;
        }

        return Task.CompletedTask;
    }
}
