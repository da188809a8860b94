using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.WasiHttp;

/// <summary>Components that answer requests by <c>wasi:http/incoming-handler</c>.</summary>
public class IncomingHandlerTests
{
    /// <summary>Prints the parts of the request, each with "|" behind it, and its header fields as <c>name=value|</c>.</summary>
    private const string PrintsRequest = """
        (call $begin (i32.const 200) (call $fields))
        (call $method (local.get $request) (i32.const 0)) (call $number (i32.load8_u (i32.const 0)))
        (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 9)) (then (call $print (i32.load (i32.const 4)) (i32.load (i32.const 8)))))
        (call $print BAR)
        (call $scheme (local.get $request) (i32.const 0)) (call $number (i32.load8_u (i32.const 0))) (call $number (i32.load8_u (i32.const 4)))
        (call $print BAR)
        (call $authority (local.get $request) (i32.const 0))
        (if (i32.load8_u (i32.const 0)) (then (call $print (i32.load (i32.const 4)) (i32.load (i32.const 8)))))
        (call $print BAR)
        (call $path (local.get $request) (i32.const 0)) (call $print (i32.load (i32.const 4)) (i32.load (i32.const 8)))
        (call $print BAR)
        (call $entries (call $headers (local.get $request)) (i32.const 0))
        (local.set $a (i32.load (i32.const 0))) (local.set $b (i32.load (i32.const 4)))
        (loop $more (if (local.get $b) (then
          (call $print (i32.load (local.get $a)) (i32.load offset=4 (local.get $a)))
          (call $print EQUALS)
          (call $print (i32.load offset=8 (local.get $a)) (i32.load offset=12 (local.get $a)))
          (call $print BAR)
          (local.set $a (i32.add (local.get $a) (i32.const 16))) (local.set $b (i32.sub (local.get $b) (i32.const 1)))
          (br $more))))
        (call $end)
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<HandlerHost> StartAsync(HandlerText text, string body) => HandlerHost.StartAsync(text.Build(body));

    [Fact]
    public async Task Handler_Answers_WithStatusFieldsAndBody()
    {
        var text = new HandlerText();
        await using var host = await StartAsync(text, $"""
            (local.set $a (call $fields))
            (call $append (local.get $a) {text.Text("X-Twice")} {text.Text("one")} (i32.const 0))
            (call $append (local.get $a) {text.Text("x-twice")} {text.Text("two")} (i32.const 0))
            (call $append (local.get $a) {text.Text("content-type")} {text.Text("text/x")} (i32.const 0))
            (call $begin (i32.const 418) (local.get $a))
            {text.Print("short ")} {text.Print("and stout")}
            (call $end)
            """);

        using var response = await host.Client.GetAsync("/", Cancellation);

        Assert.Equal((HttpStatusCode)418, response.StatusCode);
        Assert.Equal(["one", "two"], response.Headers.GetValues("X-Twice"));
        Assert.Equal("text/x", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(15, response.Content.Headers.ContentLength);
        Assert.Equal("short and stout", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Handler_SeesTheRequest_AsItWasSent_WithoutWhatIsTheConnections_AndCredentialsIfItAsks(bool asks)
    {
        var text = new HandlerText();
        var body = PrintsRequest.Replace("BAR", text.Text("|"), StringComparison.Ordinal).Replace("EQUALS", text.Text("="), StringComparison.Ordinal);
        await using var host = await HandlerHost.StartAsync(text.Build(body), entry: entry => entry with { PassAuthorization = asks });

        var answer = await host.SendRawAsync(
            "PATCH /a%2Fb/%C3%A9?q=1&r=%20 HTTP/1.1\r\nHost: shop.example:81\r\nX-One: 1\r\nX-Two: a\r\nX-Two: b\r\nAuthorization: Basic eDp5\r\n"
            + "Proxy-Authorization: Basic eDp5\r\nKeep-Alive: 5\r\nTE: trailers\r\nConnection: close\r\n\r\n");
        var other = await host.SendRawAsync("BREW / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.Equal("8|10|shop.example:81|/a%2Fb/%C3%A9?q=1&r=%20|", Head(Text(answer), 4));
        Assert.Equal(
            [.. asks ? ["authorization=Basic eDp5"] : Array.Empty<string>(), "x-one=1", "x-two=a", "x-two=b"], Text(answer).Split('|')[4..^1].Order(StringComparer.Ordinal));
        Assert.StartsWith("9BREW|10|x|/|", Text(other), StringComparison.Ordinal);
    }

    /// <summary>As for modules: the id in the answer is the one in the log.</summary>
    [Fact]
    public async Task RequestIdOfTheHandler_IsDropped()
    {
        var text = new HandlerText();
        await using var host = await StartAsync(text, $"""
            (local.set $a (call $fields))
            (call $append (local.get $a) {text.Text("x-request-id")} {text.Text("mine")} (i32.const 0))
            (call $begin (i32.const 200) (local.get $a))
            (call $end)
            """);

        using var response = await host.Client.GetAsync("/", Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.DoesNotContain("X-Request-Id", response.Headers.Select(header => header.Key), StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task LargeBody_IsEchoed_ByteForByte()
    {
        await using var host = await HandlerHost.StartAsync(HandlerText.Echo);
        var sent = RandomNumberGenerator.GetBytes(5_000_000);

        using var response = await host.Client.PostAsync("/", new ByteArrayContent(sent), Cancellation);

        var received = await response.Content.ReadAsByteArrayAsync(Cancellation);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task Handler_Answers_WhileItsBodyArrives()
    {
        var sent = RandomNumberGenerator.GetBytes(4 << 20);
        await using var host = await HandlerHost.StartAsync(HandlerText.Echo);
        using var client = await PartialClient.SendAsync(host, sent.Length, sent.AsMemory(0, 2 << 20));

        var answer = await client.ReadAsync(2 << 20);
        Assert.Equal(1, host.Handler.Running);
        await client.SendAsync(sent.AsMemory(2 << 20));
        answer += await client.ReadAnswerAsync();

        Assert.True(sent.AsSpan().SequenceEqual(HandlerHost.BodyOf(answer)));
    }

    /// <summary>A body of any size, and one whose length nobody knows: this is how one program talks with another one.</summary>
    [Fact]
    public async Task SmallBodyWithoutLength_IsReadAndAnswered_PieceByPiece()
    {
        await using var host = await HandlerHost.StartAsync(HandlerText.Echo);
        using var client = await PartialClient.SendAsync(host, length: null, "4\r\nping\r\n"u8.ToArray());

        var answer = await client.ReadUntilAsync("ping");
        Assert.Equal(1, host.Handler.Running);
        await client.SendAsync("4\r\npong\r\n"u8.ToArray());
        answer += await client.ReadUntilAsync("pong");
        await client.SendAsync("0\r\n\r\n"u8.ToArray());
        answer += await client.ReadAnswerAsync();

        Assert.Equal("pingpong", Text(answer));
    }

    [Fact]
    public async Task BodyWithoutLength_ThatIsTooLarge_Is413()
    {
        await using var host = await HandlerHost.StartAsync(HandlerText.Reader, defaults: new() { MaxRequestBody = 100_000 });
        using var client = await PartialClient.SendAsync(host, length: null, "1\r\nx\r\n"u8.ToArray());
        await Eventually.Becomes(() => host.Handler.Running, running => running == 1, cancellationToken: Cancellation);
        await client.SendAsync(Encoding.ASCII.GetBytes($"{100_000:x}\r\n{new string('x', 100_000)}\r\n"));

        Assert.StartsWith("HTTP/1.1 413 ", await client.ReadAnswerAsync(), StringComparison.Ordinal);
        Assert.Contains("the request body is larger than 100000 bytes", string.Concat(host.Log.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rubbish\r\n")]
    [InlineData("80000000\r\n")]
    public async Task ChunkThatIsNone_Is400_WhileTheHandlerReads(string chunk)
    {
        await using var host = await HandlerHost.StartAsync(HandlerText.Reader);
        using var client = await PartialClient.SendAsync(host, length: null, "1\r\nx\r\n"u8.ToArray());
        await Eventually.Becomes(() => host.Handler.Running, running => running == 1, cancellationToken: Cancellation);
        await client.SendAsync(Encoding.ASCII.GetBytes(chunk));

        Assert.StartsWith("HTTP/1.1 400 ", await client.ReadAnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_IsSent_WhileTheHandlerWaits()
    {
        var text = new HandlerText();
        await using var host = await StartAsync(text, $"""
            (call $begin (i32.const 200) (call $fields))
            {text.Print("first")}
            (call $block (call $subscribe-duration (i64.const 20000000000)))
            """);

        using var response = await host.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
        var first = new byte[5];
        await body.ReadExactlyAsync(first, Cancellation);

        Assert.Equal("first", Encoding.ASCII.GetString(first));
        Assert.Equal(1, host.Handler.Running);
    }

    [Theory]
    [InlineData("", "returned without having set a response")]
    [InlineData("(call $drop-response-outparam (local.get $outparam))", "returned without having set a response")]
    [InlineData("(call $exit (i32.const 0))", "returned without having set a response")]
    [InlineData("(call $answer (local.get $outparam) (i32.const 1) (i32.const 38) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))", "answered with the error internal-error")]
    [InlineData("(call $answer (local.get $outparam) (i32.const 1) (i32.const 1) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))", "answered with the error dns-error")]
    [InlineData("(call $answer (local.get $outparam) (i32.const 2) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))", "neither ok (0) nor an error (1)")]
    [InlineData("(call $answer (i32.const 99) (i32.const 1) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))", "unknown handle index 99")]
    [InlineData("(drop (call $response (local.get $request)))", "there is no Fields under it")]
    [InlineData("(call $print (i32.const 0) (i32.const 4))", "unknown handle index 0")]
    [InlineData("unreachable", "unreachable")]
    [InlineData("(memory.fill (i32.const 8192) (i32.const 65) (i32.const 8192)) (local.set $a (call $fields)) (loop $more (call $append (local.get $a) (i32.const 4096) (i32.const 1) (i32.const 8192) (i32.const 8192) (i32.const 0)) (br $more))", "more than 1048576 bytes of the host's memory")]
    [InlineData("(loop $more (drop (call $fields)) (br $more))", "10000 handles")]
    [InlineData("(local.set $a (call $response (call $fields))) (call $body-of (local.get $a) (i32.const 0)) (call $stream-to (i32.load (i32.const 4)) (i32.const 0)) (call $write (i32.load (i32.const 4)) (i32.const 0) (i32.const 65537) (i32.const 256))", "before it had set the response")]
    public async Task HandlerThatGivesNoAnswer_Is500_AndItsOwnerIsTold(string body, string reason)
    {
        var text = new HandlerText();
        _ = text.Text("x");
        await using var host = await StartAsync(text, body);

        using var response = await host.Client.GetAsync("/", Cancellation);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.StartsWith("500 the module failed", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Contains(host.Log.Lines, line => line.Contains(reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("unreachable")]
    [InlineData("(call $drop-output-stream (global.get $stream)) (call $drop-outgoing-body (global.get $body))")]
    [InlineData("")]
    public async Task HandlerThatBreaksOff_IsCutOff(string end)
    {
        var text = new HandlerText();
        await using var host = await StartAsync(text, $"""
            (call $begin (i32.const 200) (call $fields))
            (local.set $i (i32.const 300))
            (loop $more {text.Print(new string('x', 1000))} (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
            {end}
            """);

        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 OK", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("content-length", "4", "the body is longer than its 'Content-Length'")]
    [InlineData("content-length", "9", "the body has 5 bytes")]
    [InlineData("content-length", "x", "'Content-Length' is not a number")]
    public async Task Length_ThatIsWrong_IsNoAnswer(string name, string value, string reason)
    {
        var text = new HandlerText();
        await using var host = await StartAsync(text, $"""
            (local.set $a (call $fields))
            (call $append (local.get $a) {text.Text(name)} {text.Text(value)} (i32.const 0))
            (call $begin (i32.const 200) (local.get $a))
            {text.Print("hello")}
            (call $end)
            """);

        try
        {
            using var response = await host.Client.GetAsync("/", Cancellation);
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        }
        catch (HttpRequestException)
        {
            // Where the machine is slow the head has gone out by then, and the connection is broken off.
        }

        await Eventually.Becomes(() => host.Log.Lines, lines => lines.Any(line => line.Contains(reason, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(101)]
    [InlineData(600)]
    public async Task Status_ThatIsNoAnswers_Is502(int status)
    {
        await using var host = await StartAsync(new HandlerText(), $"(call $begin (i32.const {status}) (call $fields)) (call $end)");

        using var response = await host.Client.GetAsync("/", Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains(host.Log.Lines, line => line.Contains($"the status is {status}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("connection", "close", "11")] // forbidden
    [InlineData("Transfer-Encoding", "chunked", "11")]
    [InlineData("host", "x", "11")]
    [InlineData("", "x", "10")] // no name
    [InlineData("a b", "x", "10")]
    [InlineData("a", "x\r\nb: c", "10")]
    [InlineData("a", "tab\tand caf\u00e9", "0")]
    public async Task Field_IsRefused_ThatCannotBeSent(string name, string value, string result)
    {
        var text = new HandlerText();
        await using var host = await StartAsync(text, $"""
            (call $begin (i32.const 200) (call $fields))
            (local.set $a (call $fields))
            (call $append (local.get $a) {text.Text(name)} {text.Text(value)} (i32.const 0))
            (call $number (i32.load8_u (i32.const 0)))
            (if (i32.load8_u (i32.const 0)) (then (call $number (i32.load8_u (i32.const 1)))))
            (call $end)
            """);

        Assert.Equal(result, await host.Client.GetStringAsync("/", Cancellation));
    }

    [Fact]
    public async Task Fields_AreChanged_UntilTheyBelongToAMessage()
    {
        var text = new HandlerText();
        var list = 2048;
        await using var host = await StartAsync(text, $"""
            (call $begin (i32.const 200) (call $fields))
            ;; Those of the request do not change, and a copy does.
            (local.set $a (call $headers (local.get $request)))
            (call $append (local.get $a) {text.Text("x-one")} {text.Text("2")} (i32.const 0))
            (call $number (i32.load8_u (i32.const 0))) (call $number (i32.load8_u (i32.const 1)))
            (local.set $b (call $clone (local.get $a)))
            (call $append (local.get $b) {text.Text("X-One")} {text.Text("2")} (i32.const 0))
            (call $number (i32.load8_u (i32.const 0)))
            {text.Print(";")}
            (call $get (local.get $b) {text.Text("x-ONE")} (i32.const 0))
            (call $number (i32.load (i32.const 4)))
            (call $print (i32.load (i32.load (i32.const 0))) (i32.load offset=4 (i32.load (i32.const 0))))
            (call $print (i32.load offset=8 (i32.load (i32.const 0))) (i32.load offset=12 (i32.load (i32.const 0))))
            {text.Print(";")}
            (i32.store (i32.const {list}) (i32.const {list + 64})) (i32.store (i32.const {list + 4}) (i32.const 1)) (i32.store8 (i32.const {list + 64}) (i32.const 65))
            (call $set (local.get $b) {text.Text("x-one")} (i32.const {list}) (i32.const 1) (i32.const 0))
            (call $get (local.get $b) {text.Text("x-one")} (i32.const 0))
            (call $number (i32.load (i32.const 4)))
            (call $print (i32.load (i32.load (i32.const 0))) (i32.load offset=4 (i32.load (i32.const 0))))
            (call $number (call $has (local.get $b) {text.Text("x-one")}))
            (call $delete (local.get $b) {text.Text("x-one")} (i32.const 0))
            (call $number (call $has (local.get $b) {text.Text("x-one")}))
            (call $end)
            """);
        host.Client.DefaultRequestHeaders.Add("X-One", "1");

        Assert.Equal("120;212;1A10", await host.Client.GetStringAsync("/", Cancellation));
    }

    [Fact]
    public async Task Trailers_GoBothWays_InHttp2()
    {
        var text = new HandlerText();
        var guest = SharedEngine.Load(text.Build($"""
            (call $begin (i32.const 200) (call $fields))
            (call $consume (local.get $request) (i32.const 0))
            (local.set $a (call $finish-reading (i32.load (i32.const 4))))
            (local.set $b (call $subscribe-trailers (local.get $a)))
            (call $block (local.get $b))
            (call $get-trailers (local.get $a) (i32.const 512))
            (call $number (i32.load8_u (i32.const 512))) (call $number (i32.load8_u (i32.const 520))) (call $number (i32.load8_u (i32.const 528)))
            (call $number (i32.load8_u (i32.const 536)))
            (if (i32.load8_u (i32.const 536)) (then
              (call $get (i32.load (i32.const 540)) {text.Text("x-sum")} (i32.const 0))
              (call $print (i32.load (i32.load (i32.const 0))) (i32.load offset=4 (i32.load (i32.const 0))))))
            ;; A second time they are not there.
            (call $get-trailers (local.get $a) (i32.const 512))
            (call $number (i32.load8_u (i32.const 512))) (call $number (i32.load8_u (i32.const 520)))
            (local.set $c (call $fields))
            (call $append (local.get $c) {text.Text("X-Total")} {text.Text("42")} (i32.const 0))
            (call $append (local.get $c) {text.Text("Content-Length")} {text.Text("42")} (i32.const 0))
            (call $finish (global.get $body) (i32.const 1) (local.get $c) (i32.const 256))
            """));
        await using var host = await HandlerHost.StartAsync(guest, protocols: HttpProtocols.Http2);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StringContent("some content"),
        };

        using var response = await host.Client.SendAsync(request, Cancellation);

        // HttpClient sends no trailers: none, and then an error.
        Assert.Equal("100011", await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("42", Assert.Single(response.TrailingHeaders.GetValues("X-Total")));
        Assert.Single(response.TrailingHeaders);
    }

    [Fact]
    public async Task TrailersOfARequest_AreRead_BehindItsBody()
    {
        var text = new HandlerText();
        await using var host = await StartAsync(text, $"""
            (call $begin (i32.const 200) (call $fields))
            (call $consume (local.get $request) (i32.const 0))
            (local.set $a (call $finish-reading (i32.load (i32.const 4))))
            (call $get-trailers (local.get $a) (i32.const 512))
            (call $get (i32.load (i32.const 540)) {text.Text("x-sum")} (i32.const 0))
            (call $print (i32.load (i32.load (i32.const 0))) (i32.load offset=4 (i32.load (i32.const 0))))
            (call $end)
            """);

        var answer = await host.SendRawAsync(
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n");

        Assert.EndsWith("\r\n\r\n7", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BodyAndStreams_AreHandedOutOnce()
    {
        await using var host = await StartAsync(new HandlerText(), """
            (call $begin (i32.const 200) (call $fields))
            (call $consume (local.get $request) (i32.const 0)) (call $number (i32.load8_u (i32.const 0)))
            (local.set $a (i32.load (i32.const 4)))
            (call $consume (local.get $request) (i32.const 0)) (call $number (i32.load8_u (i32.const 0)))
            (call $stream-of (local.get $a) (i32.const 0)) (call $number (i32.load8_u (i32.const 0)))
            (call $stream-of (local.get $a) (i32.const 0)) (call $number (i32.load8_u (i32.const 0)))
            (call $stream-to (global.get $body) (i32.const 0)) (call $number (i32.load8_u (i32.const 0)))
            (call $end)
            """);

        Assert.Equal("01011", await host.Client.GetStringAsync("/", Cancellation));
    }

    [Fact]
    public async Task StreamOfABody_IsClosed_WhenTheBodyIsFinished()
    {
        await using var host = await StartAsync(new HandlerText(), """
            (call $begin (i32.const 200) (call $fields))
            (call $end)
            (call $write (global.get $stream) (i32.const 0) (i32.const 1) (i32.const 256))
            (if (i32.ne (i32.load8_u (i32.const 256)) (i32.const 1)) (then unreachable))
            (if (i32.ne (i32.load8_u (i32.const 260)) (i32.const 1)) (then unreachable))
            """);

        using var response = await host.Client.GetAsync("/", Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task Environment_IsWhatIsConfigured_AndStandardStreamsAreTheLog()
    {
        var text = new HandlerText();
        await using var host = await HandlerHost.StartAsync(
            text.Build($"""
                (call $begin (i32.const 200) (call $fields))
                (call $environment (i32.const 0))
                (local.set $a (i32.load (i32.const 0)))
                (call $number (i32.load (i32.const 4)))
                (call $print (i32.load (local.get $a)) (i32.load offset=4 (local.get $a)))
                (call $print (i32.load offset=8 (local.get $a)) (i32.load offset=12 (local.get $a)))
                (call $write (call $stdout) {text.Text("said on stdout\n")} (i32.const 256))
                (call $read (call $stdin) (i64.const 10) (i32.const 0))
                (call $number (i32.load8_u (i32.const 0)))
                (call $end)
                """),
            entry: entry => entry with { Environment = entry.Environment.Add("CONTENT_TYPE", "mine") });

        using var response = await host.Client.PostAsync("/", new StringContent("not for stdin"), Cancellation);

        Assert.Equal("1CONTENT_TYPEmine1", await response.Content.ReadAsStringAsync(Cancellation));
        await Eventually.Becomes(
            () => host.Log.Lines.Any(line => line.Contains("said on stdout", StringComparison.Ordinal)), isThere => isThere, cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Head_HasTheFields_AndNoBody()
    {
        await using var host = await HandlerHost.StartAsync(HandlerText.Hello);

        using var response = await host.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"), Cancellation);

        Assert.Equal(("text/plain", 5L), (response.Content.Headers.ContentType?.ToString(), response.Content.Headers.ContentLength));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public void HandlerOfAnotherType_IsRefused()
    {
        var text = HandlerText.Hello.Replace("(func (export \"handle\") (param $request i32) (param $outparam i32)", "(func (export \"handle\") (param $request i32) (param $outparam i64)", StringComparison.Ordinal)
            .Replace("(global.set $out (local.get $outparam))", "", StringComparison.Ordinal);

        var exception = Assert.Throws<GuestLoadException>(() => SharedEngine.Load(text));

        Assert.Equal(ModuleReason.CompileFailed, exception.Reason);
    }

    [Fact]
    public async Task RequestsAtTheSameTime_AreAnsweredApart()
    {
        await using var host = await HandlerHost.StartAsync(HandlerText.Echo);

        await Parallel.ForEachAsync(Enumerable.Range(0, 200), Cancellation, async (i, cancellation) =>
        {
            using var response = await host.Client.PostAsync("/", new StringContent($"body {i}"), cancellation);
            Assert.Equal($"body {i}", await response.Content.ReadAsStringAsync(cancellation));
        });
    }

    private static string Text(string answer) => Encoding.UTF8.GetString(HandlerHost.BodyOf(answer));

    private static string Head(string text, int parts) => string.Concat(text.Split('|')[..parts].Select(part => part + "|"));
}
