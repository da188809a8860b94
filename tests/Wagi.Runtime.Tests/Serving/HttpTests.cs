using System.Net;
using System.Text;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Serving;

/// <summary>What <c>docs/http.md</c> says of the whole server, and no other test holds.</summary>
public sealed class HttpTests
{
    private const string Routes = "[[module]]\nroute = \"/exact\"\nmodule = \"guest.wat\"\n[[module]]\nroute = \"/below/...\"\nmodule = \"guest.wat\"\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/exact", "/exact")]
    [InlineData("/exact/", null)]
    [InlineData("/Exact", null)]
    [InlineData("//exact", null)]
    [InlineData("/e%78act", "/exact")]
    [InlineData("/./exact", "/exact")]
    [InlineData("/below/../exact", "/exact")]
    [InlineData("/below/%2e%2e/exact", "/exact")]
    [InlineData("/../exact", "/exact")]
    [InlineData("/below", "/below")]
    [InlineData("/below/", "/below")]
    [InlineData("/below//x", "/below")]
    [InlineData("/below%2Fx", null)]
    [InlineData("/below;x", null)]
    [InlineData("/belowx", null)]
    public async Task Path_LeadsToARoute_OrToNone(string path, string? scriptName)
    {
        await using var host = await ServerHost.ServeAsync(Routes, Wat.Dump);

        var answer = await host.SendRawAsync($"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        Assert.Equal(scriptName is null ? "HTTP/1.1 404 Not Found" : "HTTP/1.1 200 OK", answer[..answer.IndexOf("\r\n", StringComparison.Ordinal)]);
        if (scriptName is not null)
        {
            Assert.Contains($"\0SCRIPT_NAME={scriptName}\0", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("TRACE")]
    [InlineData("OPTIONS")]
    [InlineData("BREW")]
    public async Task AnyOtherMethod_ReachesTheModule(string method)
    {
        await using var host = await ServerHost.StartAsync(Wat.Dump);
        using var request = new HttpRequestMessage(new HttpMethod(method), "/");

        using var response = await host.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.ToString());
        var body = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal(method != "HEAD", body.Contains($"\0REQUEST_METHOD={method}\0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OptionsOfTheServer_LeadToTheRouteOfEverything()
    {
        await using var all = await ServerHost.StartAsync(Wat.Dump);
        await using var some = await ServerHost.StartAsync(Wat.Dump, "/exact");

        const string Request = "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        Assert.Contains("\0PATH_INFO=\0", await all.SendRawAsync(Request), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 404 ", await some.SendRawAsync(Request), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Authorization_ReachesTheModule_WhoseEntryAsks_AndNoOther()
    {
        await using var host = await ServerHost.ServeAsync(
            "[[module]]\nroute = \"/asks\"\nmodule = \"guest.wat\"\npass_authorization = true\n[[module]]\nroute = \"/...\"\nmodule = \"guest.wat\"\n", Wat.Dump);
        host.Client.DefaultRequestHeaders.Add("Authorization", "Bearer t0ken");

        Assert.Contains("\0HTTP_AUTHORIZATION=Bearer t0ken\0", await host.Client.GetStringAsync("/asks", Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain("t0ken", await host.Client.GetStringAsync("/other", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Challenge_IsTheModules()
    {
        await using var host = await ServerHost.StartAsync(Wat.Printing("Status: 401 Unauthorized\nWWW-Authenticate: Basic realm=\"a\"\nContent-Type: text/plain\n\nwho?"));

        using var response = await host.Client.GetAsync("/", Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("Basic realm=\"a\"", response.Headers.WwwAuthenticate.ToString());
        Assert.Equal("who?", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task RangeAndConditions_AreTheModules()
    {
        await using var host = await ServerHost.StartAsync(Wat.Printing("Content-Type: text/plain\nETag: \"1\"\n\n0123456789"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Range", "bytes=0-1");
        request.Headers.Add("If-None-Match", "\"1\"");

        using var response = await host.Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("0123456789", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Codings_AreTheModules_InBothDirections()
    {
        await using var host = await ServerHost.StartAsync(Wat.Echo);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new ByteArrayContent(Encoding.ASCII.GetBytes("no gzip")) };
        request.Content.Headers.ContentEncoding.Add("gzip");
        request.Headers.AcceptEncoding.ParseAdd("gzip");

        using var response = await host.Client.SendAsync(request, Cancellation);

        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.Equal("no gzip", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task ExpectContinue_IsAnswered_WhenTheBodyIsRead()
    {
        await using var host = await ServerHost.StartAsync(Wat.Echo, "/...", "--max-body", "10");
        using var client = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromHours(1) });
        client.DefaultRequestHeaders.ExpectContinue = true;

        using var accepted = await client.PostAsync(host.Client.BaseAddress, new ByteArrayContent(new byte[10]), Cancellation);
        using var refused = await client.PostAsync(host.Client.BaseAddress, new ByteArrayContent(new byte[11]), Cancellation);

        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
    }

    /// <summary>Kestrel lets nobody add a body to them.</summary>
    [Theory]
    [InlineData("nonsense\r\n\r\n", "400 Bad Request")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "400 Bad Request")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request")]
    [InlineData("GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400 Bad Request")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "400 Bad Request")]
    [InlineData("GET /LONG HTTP/1.1\r\nHost: a\r\n\r\n", "414 URI Too Long")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nA: LONG\r\nB: LONG\r\nC: LONG\r\nD: LONG\r\n\r\n", "431 Request Header Fields Too Large")]
    [InlineData("GET / HTTP/9.9\r\nHost: a\r\n\r\n", "505 HTTP Version Not Supported")]
    public async Task RequestThatIsNoHttp_IsAnsweredByTheServer_WithoutABody(string request, string status)
    {
        await using var host = await ServerHost.StartAsync(Wat.Dump);

        var answer = await host.SendRawAsync(request.Replace("LONG", new string('a', 8190), StringComparison.Ordinal));

        Assert.StartsWith($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Log, line => !line.StartsWith("Information ", StringComparison.Ordinal));
    }
}
