using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;
using static Wagi.Runtime.Tests.Harness.OutboundTest;

namespace Wagi.Runtime.Tests.WasiHttp;

/// <summary>Requests that components send by <c>wasi:http/outgoing-handler</c>, and each of the errors that they are told.</summary>
public class OutgoingHandlerTests
{
    /// <summary>The body of the response to the answer, or <c>E</c> and the number of the error.</summary>
    private const string CopyBody = """
        (call $consume-response (local.get $b) (i32.const 0))
        (call $stream-of (i32.load (i32.const 4)) (i32.const 0))
        (local.set $c (i32.load (i32.const 4)))
        (loop $more
          (call $read (local.get $c) (i64.const 65536) (i32.const 0))
          (if (i32.eqz (i32.load8_u (i32.const 0)))
            (then (call $print (i32.load (i32.const 4)) (i32.load (i32.const 8))) (br $more))
            (else (if (i32.eqz (i32.load8_u (i32.const 4))) (then
              (call $http-error-code (i32.load (i32.const 8)) (i32.const 512))
              (call $print E)
              (call $number (i32.load8_u (i32.const 520))))))))
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Makes a request to an origin in <c>$a</c>.</summary>
    private static string Request(HandlerText text, string origin, string path = "/") => $"""
        (local.set $a (call $request (call $fields)))
        {Address(text, origin, path)}
        """;

    private static string Address(HandlerText text, string origin, string path = "/")
    {
        var target = new Uri(origin);
        return $"""
            (if (call $set-scheme (local.get $a) (i32.const 1) (i32.const {(target.Scheme == "http" ? 0 : 1)}) (i32.const 0) (i32.const 0)) (then unreachable))
            (if (call $set-authority (local.get $a) (i32.const 1) {text.Text(target.Authority)}) (then unreachable))
            (if (call $set-path (local.get $a) (i32.const 1) {text.Text(path)}) (then unreachable))
            """;
    }

    /// <summary>Sends <c>$a</c>; the future is in <c>$b</c>, or "D" and the error are printed and the handler ends.</summary>
    private static string Send(HandlerText text, string options = "(i32.const 0) (i32.const 0)") => $"""
        (call $send (local.get $a) {options} (i32.const 512))
        (if (i32.load8_u (i32.const 512)) (then {text.Print("D")} (call $number (i32.load8_u (i32.const 520))) (call $end) (return)))
        (local.set $b (i32.load (i32.const 520)))
        """;

    /// <summary>Waits for the future in <c>$b</c>; then the response is in <c>$b</c>, or "E" and the error are printed and the handler ends.</summary>
    private static string Receive(HandlerText text) => $"""
        (call $block (call $subscribe-response (local.get $b)))
        (call $get-response (local.get $b) (i32.const 512))
        (if (i32.eqz (i32.load8_u (i32.const 512))) (then unreachable))
        (if (i32.load8_u (i32.const 520)) (then unreachable))
        (if (i32.load8_u (i32.const 528)) (then {text.Print("E")} (call $number (i32.load8_u (i32.const 536))) (call $end) (return)))
        (local.set $b (i32.load (i32.const 536)))
        """;

    private static string Copy(HandlerText text) => CopyBody.Replace("(call $print E)", text.Print("E"), StringComparison.Ordinal);

    /// <summary>Sends a request without a body, and answers with the status, "|", and the body of the response.</summary>
    private static string Get(HandlerText text, string origin, string path = "/", string options = "(i32.const 0) (i32.const 0)") => $"""
        (call $begin (i32.const 200) (call $fields))
        {Request(text, origin, path)} {Send(text, options)} {Receive(text)}
        (call $number (call $status (local.get $b))) {text.Print("|")}
        {Copy(text)}
        (call $end)
        """;

    private static Task<HandlerHost> StartAsync(HandlerText text, string body, string[] allowed, int? maxConcurrency = null, HandlerDefaults? defaults = null) =>
        HandlerHost.StartAsync(text.Build(body), entry: Allowing(allowed, maxConcurrency), defaults: defaults);

    [Fact]
    public async Task Response_IsRead_WithItsStatusFieldsAndBody()
    {
        await using var target = await TargetServer.StartAsync(context =>
        {
            context.Response.StatusCode = 418;
            context.Response.Headers["X-Bytes"] = "caf\u00e9";
            return context.Response.WriteAsync("the body");
        });
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, $"""
                (call $begin (i32.const 200) (call $fields))
                (local.set $c (call $fields))
                (call $append (local.get $c) {text.Text("X-Mine")} {text.Text("1")} (i32.const 0))
                (local.set $a (call $request (local.get $c)))
                {Address(text, target.Origin, "/path?q=1")}
                (if (call $set-method (local.get $a) (i32.const 3) (i32.const 0) (i32.const 0)) (then unreachable))
                {Send(text)} {Receive(text)}
                (call $number (call $status (local.get $b)))
                (call $get (call $response-headers (local.get $b)) {text.Text("x-bytes")} (i32.const 0))
                (call $print (i32.load (i32.load (i32.const 0))) (i32.load offset=4 (i32.load (i32.const 0))))
                {Copy(text)}
                (call $end)
                """, [target.Origin]);

        Assert.Equal("418caf\u00e9the body", await PrintedAsync(host));

        var request = Assert.Single(target.Requests);
        Assert.Equal(("PUT", "/path?q=1", "", "1"), (request.Method, request.Path, request.Body, request.Headers["x-mine"]));
        Assert.Equal("0", request.Headers["content-length"]);
    }

    [Fact]
    public async Task Bodies_GoOut_WhileTheyAreWritten()
    {
        var sent = RandomNumberGenerator.GetBytes(2_000_000);
        await using var target = await TargetServer.StartAsync(context => context.Request.Body.CopyToAsync(context.Response.Body));
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, $"""
                (local.set $a (call $request (call $fields)))
                {Address(text, target.Origin)}
                (if (call $set-method (local.get $a) (i32.const 2) (i32.const 0) (i32.const 0)) (then unreachable))
                (call $request-body (local.get $a) (i32.const 0))
                (local.set $c (i32.load (i32.const 4)))
                (call $stream-to (local.get $c) (i32.const 0))
                (local.set $i (i32.load (i32.const 4)))
                (call $begin (i32.const 200) (call $fields))
                {Send(text)}
                (call $consume (local.get $request) (i32.const 0))
                (call $stream-of (i32.load (i32.const 4)) (i32.const 0))
                (local.set $a (i32.load (i32.const 4)))
                (loop $more
                  (call $read (local.get $a) (i64.const 65536) (i32.const 0))
                  (if (i32.eqz (i32.load8_u (i32.const 0))) (then
                    (call $write (local.get $i) (i32.load (i32.const 4)) (i32.load (i32.const 8)) (i32.const 256))
                    (if (i32.load8_u (i32.const 256)) (then unreachable))
                    (br $more))))
                (call $finish (local.get $c) (i32.const 0) (i32.const 0) (i32.const 512))
                (if (i32.load8_u (i32.const 512)) (then unreachable))
                {Receive(text)}
                {Copy(text)}
                (call $end)
                """, [target.Origin]);

        using var response = await host.Client.PostAsync("/", new ByteArrayContent(sent), Cancellation);
        var received = await response.Content.ReadAsByteArrayAsync(Cancellation);

        Assert.True(sent.AsSpan().SequenceEqual(received));
        Assert.Equal("chunked", Assert.Single(target.Requests).Headers["transfer-encoding"]);
    }

    [Theory]
    [InlineData("5", "0", "hello")]
    [InlineData("6", "117", null)] // shorter than declared: HTTP-request-body-size
    public async Task DeclaredLength_IsSent_AndHeld(string length, string finished, string? arrived)
    {
        await using var target = await TargetServer.StartAsync();
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, $"""
                (call $begin (i32.const 200) (call $fields))
                (local.set $c (call $fields))
                (call $append (local.get $c) {text.Text("content-length")} {text.Text(length)} (i32.const 0))
                (local.set $a (call $request (local.get $c)))
                {Address(text, target.Origin)}
                (if (call $set-method (local.get $a) (i32.const 2) (i32.const 0) (i32.const 0)) (then unreachable))
                (call $request-body (local.get $a) (i32.const 0))
                (local.set $c (i32.load (i32.const 4)))
                (call $stream-to (local.get $c) (i32.const 0))
                (call $write (i32.load (i32.const 4)) {text.Text("hello")} (i32.const 256))
                {Send(text)}
                (call $finish (local.get $c) (i32.const 0) (i32.const 0) (i32.const 768))
                (call $number (i32.load8_u (i32.const 768)))
                (if (i32.load8_u (i32.const 768)) (then (call $number (i32.load8_u (i32.const 776)))))
                (call $block (call $subscribe-response (local.get $b)))
                (call $end)
                """, [target.Origin]);

        Assert.Equal(finished, await PrintedAsync(host));

        Assert.Equal(arrived is null ? [] : [arrived], target.Requests.Select(request => request.Body));
        Assert.All(target.Requests, request => Assert.Equal(length, request.Headers["content-length"]));
    }

    [Fact]
    public async Task Redirect_IsTheGuestsToFollow()
    {
        await using var target = await TargetServer.StartAsync(context =>
        {
            context.Response.Redirect("http://127.0.0.1:1/elsewhere");
            return Task.CompletedTask;
        });
        var text = new HandlerText();
        await using var host = await StartAsync(text, Get(text, target.Origin), [target.Origin]);

        Assert.Equal("302|", await PrintedAsync(host));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("https://127.0.0.1")]
    [InlineData("http://localhost")]
    public async Task Origin_ThatIsNotListed_IsDenied_AndNamedInTheLog(string origin)
    {
        var text = new HandlerText();
        await using var host = await StartAsync(text, Get(text, origin, "/secret"), ["http://127.0.0.1:2"]);

        Assert.Equal("D15", await PrintedAsync(host));
        Assert.Contains(host.Log.Lines, line => line.Contains($"got no answer from {origin} by outbound HTTP: allowed_hosts does not list it", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Log.Lines, line => line.Contains("secret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("(if (call $set-authority (local.get $a) (i32.const 1) TEXT) (then unreachable))", "user@127.0.0.1", "D19")]
    [InlineData("(if (call $set-authority (local.get $a) (i32.const 0) (i32.const 0) (i32.const 0)) (then unreachable))", "", "D19")]
    [InlineData("(if (call $set-scheme (local.get $a) (i32.const 1) (i32.const 2) TEXT) (then unreachable))", "ftp", "D19")]
    [InlineData("(if (call $set-method (local.get $a) (i32.const 5) (i32.const 0) (i32.const 0)) (then unreachable))", "", "D18")]
    [InlineData("(call $number (call $set-method (local.get $a) (i32.const 9) TEXT))", "a b", "1D15")]
    [InlineData("(call $number (call $set-path (local.get $a) (i32.const 1) TEXT))", "x", "1D15")]
    public async Task Request_ThatIsNone_IsRefused(string set, string value, string printed)
    {
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, $"""
                (call $begin (i32.const 200) (call $fields))
                {Request(text, "http://127.0.0.1:1")}
                {set.Replace("TEXT", text.Text(value), StringComparison.Ordinal)}
                {Send(text)}
                (call $end)
                """, ["http://127.0.0.1:2"]);

        Assert.Equal(printed, await PrintedAsync(host));
    }

    [Fact]
    public async Task Server_ThatIsNotThere_RefusesTheConnection()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var origin = $"http://{listener.LocalEndpoint}";
        listener.Stop();
        var text = new HandlerText();
        await using var host = await StartAsync(text, Get(text, origin), [origin]);

        Assert.Equal("E6", await PrintedAsync(host));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "200|abcE25")] // incomplete
    [InlineData("nonsense\r\n\r\n", "E35")] // no HTTP
    public async Task Answer_ThatIsNone_IsAnError(string answer, string printed)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, answer);
        var origin = $"http://{listener.LocalEndpoint}";
        var text = new HandlerText();
        await using var host = await StartAsync(text, Get(text, origin), [origin]);

        Assert.Equal(printed, await PrintedAsync(host));
        await serving;
    }

    [Fact]
    public async Task Server_ThatHangsUpWhileTheBodyIsWritten_ClosesTheStream()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener, "");
        var origin = $"http://{listener.LocalEndpoint}";
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, $"""
                (call $begin (i32.const 200) (call $fields))
                {Request(text, origin)}
                (if (call $set-method (local.get $a) (i32.const 2) (i32.const 0) (i32.const 0)) (then unreachable))
                (call $request-body (local.get $a) (i32.const 0))
                (call $stream-to (i32.load (i32.const 4)) (i32.const 0))
                (local.set $c (i32.load (i32.const 4)))
                {Send(text)}
                (loop $more
                  (call $write (local.get $c) (i32.const 4096) (i32.const 65536) (i32.const 256))
                  (br_if $more (i32.eqz (i32.load8_u (i32.const 256)))))
                (call $number (i32.load8_u (i32.const 260)))
                {Receive(text)}
                """, [origin]);

        // Closed; and then the request has failed, in whichever way this is noticed first.
        Assert.StartsWith("1E", await PrintedAsync(host), StringComparison.Ordinal);
        await serving;
    }

    private static async Task ServeAsync(TcpListener listener, string answer)
    {
        using var client = await listener.AcceptTcpClientAsync(Cancellation);
        await client.GetStream().ReadAtLeastAsync(new byte[1000], 1, cancellationToken: Cancellation);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(answer), Cancellation);
    }

    [Theory]
    [InlineData("first-byte", false, "E33")]
    [InlineData("between-bytes", true, "200|startE9")]
    public async Task Timeout_OfTheGuests_EndsTheRequest(string which, bool begins, string printed)
    {
        var ending = new TaskCompletionSource();
        await using var target = await TargetServer.StartAsync(async context =>
        {
            if (begins)
            {
                await context.Response.WriteAsync("start");
                await context.Response.Body.FlushAsync();
            }

            await ending.Task.WaitAsync(context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, "(local.set $i (call $options)) " + $"(drop (call $set-{which}-timeout (local.get $i) (i32.const 1) (i64.const 300000000)))"
                + Get(text, target.Origin, options: "(i32.const 1) (local.get $i)"), [target.Origin]);

        Assert.Equal(printed, await PrintedAsync(host));
        ending.SetResult();
    }

    /// <summary>A server whose queue of connections is full does not answer the next one (listen(2), backlog).</summary>
    [Fact]
    public async Task ServerThatDoesNotAccept_IsGivenUp_AfterTheGuestsTime()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Listen(0);
        var sockets = new List<Socket>();
        for (var i = 0; i < 4; i++)
        {
            var waiting = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            sockets.Add(waiting);
            _ = waiting.ConnectAsync(server.LocalEndPoint!, Cancellation).AsTask().ContinueWith(_ => { }, TaskScheduler.Default);
        }

        var origin = $"http://127.0.0.1:{((IPEndPoint)server.LocalEndPoint!).Port}";
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, "(local.set $i (call $options)) (drop (call $set-connect-timeout (local.get $i) (i32.const 1) (i64.const 300000000)))"
                + Get(text, origin, options: "(i32.const 1) (local.get $i)"), [origin]);

        var start = Stopwatch.GetTimestamp();
        Assert.Equal("E8", await PrintedAsync(host));
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromMilliseconds(290), TimeSpan.FromSeconds(8));
        sockets.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task Response_LargerThanAllowed_IsAnError()
    {
        await using var target = await TargetServer.StartAsync(context =>
            context.Request.Path == "/declared" ? context.Response.Body.WriteAsync(new byte[2000]).AsTask() : WriteInPieces(context));
        var defaults = new HandlerDefaults { Outbound = new OutboundLimits { MaxResponseBody = 1000 } };
        var text = new HandlerText();
        await using var host = await StartAsync(text, Get(text, target.Origin), [target.Origin], defaults: defaults);

        Assert.Contains("E28", await PrintedAsync(host), StringComparison.Ordinal);

        static async Task WriteInPieces(HttpContext context)
        {
            for (var i = 0; i < 20; i++)
            {
                await context.Response.Body.WriteAsync(new byte[100]);
                await context.Response.Body.FlushAsync();
            }
        }
    }

    [Fact]
    public async Task Responses_AtTheSameTime_AreBounded_AndPlacesComeBack()
    {
        await using var target = await TargetServer.StartAsync();
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, $"""
                (call $begin (i32.const 200) (call $fields))
                {Request(text, target.Origin)} {Send(text)} {Receive(text)}
                (local.set $c (local.get $b))
                ;; One is open, and may be; when it is dropped, the next one may.
                (call $send {Another(text, target.Origin)} (i32.const 0) (i32.const 0) (i32.const 512))
                (call $number (i32.load8_u (i32.const 512))) (call $number (i32.load8_u (i32.const 520)))
                (call $drop-incoming-response (local.get $c))
                (call $send {Another(text, target.Origin)} (i32.const 0) (i32.const 0) (i32.const 512))
                (call $number (i32.load8_u (i32.const 512)))
                (call $drop-future-incoming-response (i32.load (i32.const 520)))
                (call $send {Another(text, target.Origin)} (i32.const 0) (i32.const 0) (i32.const 512))
                (call $number (i32.load8_u (i32.const 512)))
                (call $end)
                """, [target.Origin], maxConcurrency: 1);

        Assert.Equal("11100", await PrintedAsync(host));

        // What the guest has left open is given back with it.
        Assert.Equal("11100", await PrintedAsync(host));
    }

    private static string Another(HandlerText text, string origin) => $"(block (result i32) {Request(text, origin)} (local.get $a))";

    [Fact]
    public async Task RequestThatIsOnItsWay_EndsWithItsGuest()
    {
        var aborted = new TaskCompletionSource();
        await using var target = await TargetServer.StartAsync(async context =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            await aborted.Task;
        });
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, $"""
                (call $begin (i32.const 200) (call $fields))
                {Request(text, target.Origin)} {Send(text)}
                (call $block (call $subscribe-duration (i64.const 300000000)))
                (call $get-response (local.get $b) (i32.const 512))
                (call $number (i32.load8_u (i32.const 512)))
                (call $end)
                """, [target.Origin]);

        Assert.Equal("0", await PrintedAsync(host));
        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
    }

    [Fact]
    public async Task Poll_WaitsForResponseAndTime_WhicheverIsFirst()
    {
        var ending = new TaskCompletionSource();
        await using var target = await TargetServer.StartAsync(context => context.Request.Path == "/slow" ? ending.Task : Task.CompletedTask);
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, $"""
                (call $begin (i32.const 200) (call $fields))
                {Request(text, target.Origin, "/slow")} {Send(text)}
                (i32.store (i32.const 2048) (call $subscribe-response (local.get $b)))
                (i32.store (i32.const 2052) (call $subscribe-duration (i64.const 200000000)))
                (call $poll (i32.const 2048) (i32.const 2) (i32.const 0))
                (call $number (i32.load (i32.const 4))) (call $number (i32.load (i32.load (i32.const 0))))
                {Request(text, target.Origin)} {Send(text)}
                (i32.store (i32.const 2048) (call $subscribe-duration (i64.const 20000000000)))
                (i32.store (i32.const 2052) (call $subscribe-response (local.get $b)))
                (call $poll (i32.const 2048) (i32.const 2) (i32.const 0))
                (call $number (i32.load (i32.const 4))) (call $number (i32.load (i32.load (i32.const 0))))
                (call $end)
                """, [target.Origin]);

        Assert.Equal("1111", await PrintedAsync(host));
        ending.SetResult();
    }

    [Fact]
    public async Task BodyThatIsNotFinished_IsNotARequest()
    {
        await using var target = await TargetServer.StartAsync();
        var text = new HandlerText();
        await using var host = await StartAsync(
            text, $"""
                (call $begin (i32.const 200) (call $fields))
                {Request(text, target.Origin)}
                (if (call $set-method (local.get $a) (i32.const 2) (i32.const 0) (i32.const 0)) (then unreachable))
                (call $request-body (local.get $a) (i32.const 0))
                (local.set $c (i32.load (i32.const 4)))
                (call $stream-to (local.get $c) (i32.const 0))
                (call $write (i32.load (i32.const 4)) {text.Text("hello")} (i32.const 256))
                {Send(text)}
                (call $drop-outgoing-body (local.get $c))
                {Receive(text)}
                (call $end)
                """, [target.Origin]);

        Assert.StartsWith("E", await PrintedAsync(host), StringComparison.Ordinal);
        await Eventually.Becomes(() => host.Log.Lines.Any(line => line.Contains("did not finish the body", StringComparison.Ordinal)), isThere => isThere, cancellationToken: Cancellation);
        Assert.Empty(target.Requests);
    }
}
