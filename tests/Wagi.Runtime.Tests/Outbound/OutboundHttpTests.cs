using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster.Http;
using static Wagi.Runtime.Tests.Harness.OutboundGuest;
using static Wagi.Runtime.Tests.Harness.OutboundTest;

namespace Wagi.Runtime.Tests.Outbound;

/// <summary>The functions of <c>wasi_experimental_http</c>, and each of their error codes.</summary>
public class OutboundHttpTests
{
    [Fact]
    public async Task Response_IsRead_ByItsHandle()
    {
        await using var target = await TargetServer.StartAsync(context =>
        {
            context.Response.StatusCode = 418;
            context.Response.Headers["X-Twice"] = new(["one", "two"]);
            context.Response.Headers.Date = "now";
            context.Response.Headers["X-Bytes"] = "caf\u00e9";
            return context.Response.WriteAsync("the body");
        });
        var guest = new OutboundGuest()
            .Request(target.Origin + "/path?q=1", "PUT", "x-mine: 1\nX-Mine:2\ncontent-type:text/x\n", "sent").Status()
            .HeaderGet("x-TWICE").HeaderGet("x-bytes").HeadersGetAll()
            .BodyRead(3).BodyRead(0).ReadAll().BodyRead().Close();

        var printed = await RunAsync(guest, target.Origin);

        // The order of different headers is the server's and the library's; several of one name stay in theirs.
        var lines = printed.Split('\n');
        Assert.Equal("A\u00a2\u0001" + "Aone" + "Acaf\u00e9" + "A", printed[..(printed.IndexOf("caf\u00e9A", StringComparison.Ordinal) + 5)]);
        Assert.Contains("x-twice:one\nx-twice:two\n", printed, StringComparison.Ordinal);
        Assert.Contains("\nx-bytes:caf\u00e9\n", printed, StringComparison.Ordinal);
        Assert.Equal("Athe" + "A" + " bodyA" + "A" + "A", lines[^1]);
        var request = Assert.Single(target.Requests);
        Assert.Equal(("PUT", "/path?q=1", "sent"), (request.Method, request.Path, request.Body));
        Assert.Equal("text/x", request.Headers["content-type"]);
        Assert.Equal("1,2", request.Headers["x-mine"].Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ipv6Origin_IsReached_AndNoOther()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        await using var target = await TargetServer.StartAsync(address: IPAddress.IPv6Loopback);

        var printed = await RunAsync(new OutboundGuest().Request(target.Origin + "/").Status().ReadAll().Close(), target.Origin);
        var refused = await RunAsync(new OutboundGuest().Request(target.Origin + "/"), "http://[::2]");

        Assert.StartsWith("http://[::1]:", target.Origin, StringComparison.Ordinal);
        Assert.Contains("hello", printed, StringComparison.Ordinal);
        Assert.Equal("H", refused);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/", 7)] // another port
    [InlineData("ftp://127.0.0.1/", 10)]
    [InlineData("/path", 10)]
    [InlineData("", 10)]
    [InlineData("http://", 10)]
    public async Task Url_ThatIsWrong_IsRefused(string url, int error)
    {
        Assert.Equal(Letter(error), await RunAsync(new OutboundGuest().Request(url), "http://127.0.0.1:2"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("https://127.0.0.1:PORT")]
    [InlineData("http://localhost:PORT")]
    public async Task Origin_MustBeListed_WithSchemeHostAndPort(string allowed)
    {
        await using var target = await TargetServer.StartAsync();
        var port = new Uri(target.Origin).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        string[] list = allowed.Length == 0 ? [] : [allowed.Replace("PORT", port, StringComparison.Ordinal)];
        await using var host = await HostAsync(new OutboundGuest().Request($"http://127.0.0.1:{port}/secret?key=1"), list);

        Assert.Equal(Letter(7), await PrintedAsync(host));

        Assert.Empty(target.Requests);
        Assert.Contains(
            host.Log.Lines,
            line => Regex.IsMatch(
                line, $"^Warning tests/handler [0-9A-Z]+:[0-9]+ got no answer from {Regex.Escape(target.Origin)} by outbound HTTP: allowed_hosts does not list it$"));
    }

    [Fact]
    public async Task AllowAll_AllowsEverything()
    {
        await using var target = await TargetServer.StartAsync();

        Assert.Equal("AhelloA", await RunAsync(new OutboundGuest().Request(target.Origin).ReadAll(), "insecure:allow-all"));
    }

    [Theory]
    [InlineData("", 8)]
    [InlineData("GE T", 8)]
    [InlineData("GET\r\nX: y", 8)]
    [InlineData("CONNECT", 8)]
    [InlineData("PROPFIND", 0)]
    public async Task Method_MustBeAToken(string method, int error)
    {
        await using var target = await TargetServer.StartAsync();

        Assert.Equal(Letter(error), await RunAsync(new OutboundGuest().Request(target.Origin, method), target.Origin));
    }

    [Theory]
    [InlineData("no colon\n")]
    [InlineData(":value\n")]
    [InlineData("na me:value\n")]
    [InlineData("a:1\n\nGET / HTTP/1.1\n")]
    [InlineData("a:1\rb:2\n")]
    [InlineData("a:1\0\n")]
    [InlineData("\u00e9:1\n")]
    public async Task Headers_ThatAreNone_AreRefused(string headers)
    {
        await using var target = await TargetServer.StartAsync();

        Assert.Equal(Letter(9), await RunAsync(new OutboundGuest().Request(target.Origin, "GET", headers), target.Origin));

        Assert.Empty(target.Requests);
    }

    [Fact]
    public async Task Headers_OfTheConnection_AreNotForwarded()
    {
        await using var target = await TargetServer.StartAsync();
        var origin = new Uri(target.Origin).Authority;
        const string Headers = "Host: elsewhere\nContent-Length: 99\nTransfer-Encoding: chunked\nConnection: x-own\nUpgrade: h2c\nTE: trailers\n"
            + "Expect: 100-continue\nx-own: \u00fc\nCookie: a=1\r\n";

        Assert.Equal("A", await RunAsync(new OutboundGuest().Request(target.Origin, "POST", Headers, "abc"), target.Origin));

        var request = Assert.Single(target.Requests);
        Assert.Equal("abc", request.Body);
        Assert.Equal(["content-length=3", "cookie=a=1", $"host={origin}", "x-own=\u00fc"], request.Headers.Select(header => $"{header.Key}={header.Value}").Order());
    }

    [Fact]
    public async Task UserInfo_BecomesBasicAuthentication()
    {
        await using var target = await TargetServer.StartAsync();

        await RunAsync(new OutboundGuest().Request(target.Origin.Replace("//", "//me:p%40ss@", StringComparison.Ordinal)), target.Origin);

        Assert.Equal("Basic " + Convert.ToBase64String("me:p@ss"u8), Assert.Single(target.Requests).Headers["authorization"]);
    }

    [Fact]
    public async Task Text_ThatIsNotUtf8_IsRefused()
    {
        await using var target = await TargetServer.StartAsync();
        byte[] url = Encoding.ASCII.GetBytes(target.Origin), bad = [0xff, (byte)':'];
        var guest = new OutboundGuest()
            .RequestBytes(bad, "GET"u8.ToArray(), []).RequestBytes(url, bad, []).RequestBytes(url, "GET"u8.ToArray(), bad)
            .Request(target.Origin).Run("(i32.store8 (i32.const 400) (i32.const 0xff))")
            .Run("(call $print (call $header_get (i32.load (i32.const 304)) (i32.const 400) (i32.const 1) (i32.const 500) (i32.const 9) (i32.const 308)))");

        Assert.Equal("GGGAG", await RunAsync(guest, target.Origin));
    }

    [Fact]
    public async Task Pointers_OutOfBounds_AreAnError_NotATrap()
    {
        await using var target = await TargetServer.StartAsync();
        var guest = new OutboundGuest()
            .Request(target.Origin, statusAt: OutOfBounds).Request(target.Origin, handleAt: OutOfBounds)
            .Run("(call $print (call $req (i32.const -8) (i32.const 16) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 300) (i32.const 304)))")
            .Request(target.Origin).BodyRead(5, OutOfBounds);

        Assert.Equal("DDDAD", await RunAsync(guest, target.Origin));

        Assert.Single(target.Requests);
    }

    [Fact]
    public async Task Buffer_TooSmall_MayBeTriedAgain()
    {
        await using var target = await TargetServer.StartAsync(context =>
        {
            context.Response.Headers["x"] = "12345";
            return Task.CompletedTask;
        });
        var guest = new OutboundGuest().Request(target.Origin).HeaderGet("x", 4).HeaderGet("x", 5).HeadersGetAll(10).HeaderGet("y").HeaderGet("");

        Assert.Equal("AEA12345EFF", await RunAsync(guest, target.Origin));
    }

    [Fact]
    public async Task Handle_ThatIsNotOpen_IsInvalid()
    {
        await using var target = await TargetServer.StartAsync();
        const string Unknown = "(i32.const 77)";
        var guest = new OutboundGuest()
            .HeaderGet("x", handle: Unknown).HeadersGetAll(handle: Unknown).BodyRead(handle: Unknown).Close(Unknown)
            .Request(target.Origin).Close().Close().BodyRead().HeadersGetAll();

        Assert.Equal("BBBA" + "AAABB", await RunAsync(guest, target.Origin));
    }

    [Fact]
    public async Task Handles_OfOneRun_AreIndependent()
    {
        await using var target = await TargetServer.StartAsync(context => context.Response.WriteAsync(context.Request.Path));
        var guest = new OutboundGuest()
            .Request(target.Origin + "/first", handleAt: 600).Request(target.Origin + "/second")
            .BodyRead(3).BodyRead(4, handle: "(i32.load (i32.const 600))").BodyRead(2).Close("(i32.load (i32.const 600))").ReadAll();

        Assert.Equal("AAA/seA/firAcoAndA", await RunAsync(guest, target.Origin));
    }

    [Fact]
    public void Nothing_IsThere_ForRunsWithoutAnEntry()
    {
        var guest = SharedEngine.Load(new OutboundGuest().Request("http://127.0.0.1:1/").Close().BodyRead().ToString());
        guest.Check(null);
        var output = new CapturedOutput(1000);

        guest.Run(new GuestRun { Stdout = output });

        Assert.EndsWith("\n\nHAB", Encoding.Latin1.GetString(output.Bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_ThatIsNotExported_IsAnError()
    {
        var guest = SharedEngine.Load($$"""
            (module {{OutboundGuest.Imports}} (memory 1) (func (export "_start")
              (if (i32.ne (i32.const 2) (call $body_read (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))) (then unreachable))))
            """);
        guest.Check(null);

        Assert.Equal(GuestOutcome.Completed, guest.Run(new GuestRun()).Outcome);
    }

    [Fact]
    public void Function_ThatDoesNotExist_IsNamed()
    {
        var guest = SharedEngine.Load("""(module (import "wasi_experimental_http" "fetch" (func)) (func (export "_start")))""");

        Assert.StartsWith(
            "the module imports wasi_experimental_http.fetch; this runtime offers",
            Assert.Throws<GuestLoadException>(() => guest.Check(null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatIsNotThere_IsARequestError()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var origin = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        taken.Stop();
        await using var host = await HostAsync(new OutboundGuest().Request(origin + "/?secret"), [origin]);

        Assert.Equal(Letter(11), await PrintedAsync(host));

        Assert.Contains(host.Log.Lines, line => line.Contains($"no answer from {origin} by outbound HTTP: Connection refused", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Runtime_ThatGoesDown_IsARuntimeError()
    {
        await using var target = await TargetServer.StartAsync();
        await using var host = await HostAsync(new OutboundGuest().Request(target.Origin), [target.Origin]);

        host.Outbound.Dispose();

        Assert.Equal(Letter(12), await PrintedAsync(host));
    }
}
