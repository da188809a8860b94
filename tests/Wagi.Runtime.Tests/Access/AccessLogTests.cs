using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Wagi.Runtime.Access;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;

namespace Wagi.Runtime.Tests.Access;

public sealed class AccessLogTests
{
    private static readonly string Hello = Wat.Printing("Content-Type: text/plain\n\nhello\n");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The lines of requests, once there are so many: a client has its answer before the request ends.</summary>
    private static async Task<string[]> LinesAsync(ServerHost host, int count = 1) => await Eventually.Becomes(
        _ => Task.FromResult(host.Log.Where(IsOfRequest).ToArray()),
        lines => lines.Length >= count,
        cancellationToken: Cancellation);

    [Fact]
    public async Task All_IsALineForEachRequest_WithModuleIdMethodPathStatusBytesAndTime()
    {
        await using var host = await ServerHost.StartAsync(Hello, "/a/...", "--access-log", "all");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/a/b%20c?password=secret") { Content = new ByteArrayContent([1]) };
        request.Headers.Add("X-Request-Id", "mine-1");

        using var response = await host.Client.SendAsync(request, Cancellation);

        Assert.Matches(@"^Information /a/\.\.\. mine-1 POST /a/b%20c 200, 6 bytes, [0-9.]+ ms \(.*\), completed$", Assert.Single(await LinesAsync(host)));
    }

    /// <summary>A guest that sleeps, and then one whose client hesitates with its body, too.</summary>
    [Fact]
    public async Task Parts_SayWhereTheTimeWent_AndAreAllOfIt()
    {
        var (data, code) = Wat.Print("content-type: text/plain\n\nhello");
        await using var host = await ServerHost.StartAsync(Wat.Start($"(call $sleep (i32.const 60)) {code}", data), "/a", "--access-log", "all");

        await host.Client.GetStringAsync("/a", Cancellation);
        await Eventually.Becomes(() => PartsOf(host.Log), parts => parts.Length == 1, cancellationToken: Cancellation);
        using var slow = new HesitatingContent(TimeSpan.FromMilliseconds(60));
        using var response = await host.Client.PostAsync("/a", slow, Cancellation);
        var lines = await Eventually.Becomes(() => PartsOf(host.Log), parts => parts.Length == 2, cancellationToken: Cancellation);

        Assert.All(lines, parts =>
        {
            Assert.InRange(parts["guest"], 60, parts["ms"]);
            Assert.InRange(parts["instance"], 0.001, parts["ms"]);
            Assert.Equal(0, parts["outbound"]);
            Assert.Equal(parts["ms"], parts.Where(part => part.Key != "ms").Sum(part => part.Value), 0.01);
        });
        Assert.Equal(0, lines[0]["receiving"]);
        Assert.InRange(lines[1]["receiving"], 50, lines[1]["ms"]);
    }

    /// <summary>A client has its answer, and goes on sending what nobody wants.</summary>
    [Fact]
    public async Task Time_EndsWithTheAnswer()
    {
        await using var host = await ServerHost.StartAsync(Hello, "/a", "--access-log", "all");
        using var client = new TcpClient();
        await client.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port, Cancellation);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n{new string('x', 2_000_000)}"), Cancellation);
        Assert.True(await stream.ReadAsync(new byte[4096], Cancellation) > 0);
        await Task.Delay(500, Cancellation);
        Assert.Empty(PartsOf(host.Log));
        await stream.WriteAsync(new byte[1_000_000], Cancellation);

        var parts = Assert.Single(await Eventually.Becomes(() => PartsOf(host.Log), parts => parts.Length == 1, cancellationToken: Cancellation));
        Assert.Equal(parts["ms"], parts.Where(part => part.Key != "ms").Sum(part => part.Value), 0.01);
        Assert.InRange(parts["sending"], 0, 400);
    }

    [Fact]
    public async Task Parts_KnowAnOutboundRequestFromTheGuest()
    {
        await using var target = await TargetServer.StartAsync(_ => Task.Delay(60, Cancellation));
        await using var host = await ServerHost.ServeAsync(
            $"[[module]]\nroute = \"/\"\nmodule = \"guest.wat\"\nallowed_hosts = [\"{target.Origin}\"]\n", new OutboundGuest().Request(target.Origin).ReadAll().ToString(),
            "--access-log", "all");

        await host.Client.GetStringAsync("/", Cancellation);

        var parts = Assert.Single(await Eventually.Becomes(() => PartsOf(host.Log), parts => parts.Length == 1, cancellationToken: Cancellation));
        Assert.InRange(parts["outbound"], 50, parts["ms"]);
    }

    private static bool IsOfRequest(string line) => Regex.IsMatch(line, @" bytes, [0-9.]+ ms[ ,]");

    private static Dictionary<string, double>[] PartsOf(IEnumerable<string> log) =>
    [
        .. log.Select(line => Regex.Match(line, @", (\S+) ms \((.*)\), completed$")).Where(match => match.Success).Select(match =>
            match.Groups[2].Value.Split(", ").Select(part => part.Split(' ')).Append(["ms", match.Groups[1].Value])
                .ToDictionary(part => part[0], part => double.Parse(part[1], CultureInfo.InvariantCulture))),
    ];

    /// <summary>Has its body sent a while after its head.</summary>
    private sealed class HesitatingContent(TimeSpan pause) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync(Cancellation);
            await Task.Delay(pause, Cancellation);
            await stream.WriteAsync(new byte[] { 1, 2 }, Cancellation);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 2;
            return true;
        }
    }

    [Theory]
    [InlineData("GET /none HTTP/1.1\r\nHost: a\r\nX-Request-Id: 1\r\nConnection: close\r\n\r\n", "- 1 GET /none 404, 41 bytes, ", "no_route")]
    [InlineData("HEAD /none HTTP/1.1\r\nHost: a\r\nX-Request-Id: 1\r\nConnection: close\r\n\r\n", "- 1 HEAD /none 404, 0 bytes, ", "no_route")]
    [InlineData("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nX-Request-Id: 1\r\nConnection: close\r\n\r\n", "- 1 CONNECT a:1 501, ", "no_route")]
    [InlineData("POST /a HTTP/1.1\r\nHost: a\r\nX-Request-Id: 1\r\nConnection: close\r\nContent-Length: 5\r\n\r\nabcde", "/a 1 POST /a 413, ", "body_too_large")]
    [InlineData("POST /a HTTP/1.1\r\nHost: a\r\nX-Request-Id: 1\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", "/a 1 POST /a 400, ", "bad_request")]
    [InlineData("nonsense\r\n\r\n", "- ", "bad_request")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "- ", "bad_request")]
    [InlineData("GET /\u001b[31m HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "- ", "GET /%1B[31m 404, ")]
    public async Task WhatNoModuleAnswers_IsAnErrorToo(string request, string begin, string then)
    {
        await using var host = await ServerHost.StartAsync(Hello, "/a", "--max-body", "4", "--access-log", "errors");

        await host.SendRawAsync(request);

        var line = Assert.Single(await LinesAsync(host));
        Assert.StartsWith("Information " + begin, line, StringComparison.Ordinal);
        Assert.Contains(then, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Healthz_IsCompleted()
    {
        await using var host = await ServerHost.StartAsync(Hello, "/a", "--access-log", "all");

        await host.Client.GetStringAsync("/healthz", Cancellation);

        Assert.Matches(@"^Information - \S+ GET /healthz 200, 3 bytes, .*, completed$", Assert.Single(await LinesAsync(host)));

        // What other tests of this process count is among it.
        Assert.DoesNotContain("{code=\"2xx\",module=\"\"", await host.CountedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Errors_AreThoseOfModulesToo_WhateverStatusHasBeenSent()
    {
        var (data, code) = Wat.Print("Content-Type: text/plain\n\n" + new string('x', 50_000));
        await using var host = await ServerHost.StartAsync(Wat.Start(code + "unreachable", data));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => host.Client.GetStringAsync("/", Cancellation));

        Assert.Matches(@" GET / 200, 50000 bytes, [0-9.]+ ms \(.*\), trapped$", Assert.Single(await LinesAsync(host)));
    }

    [Fact]
    public async Task ExitCode_IsNotCalledATrap()
    {
        await using var host = await ServerHost.StartAsync(Wat.Start("(call $proc_exit (i32.const 3))"));

        using var response = await host.Client.GetAsync("/", Cancellation);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Matches(@" GET / 500, \d+ bytes, [0-9.]+ ms \(.*\), exited$", Assert.Single(await LinesAsync(host)));
    }

    [Fact]
    public async Task Slow_IsTheDefault_AndWhatIsQuickHasNoLine()
    {
        await using var host = await ServerHost.StartAsync(Hello, "/...", "--access-log-slow", "1h");
        var (data, code) = Wat.Print("content-type: text/plain\n\nhello");
        await using var slow = await ServerHost.StartAsync(Wat.Start($"(call $sleep (i32.const 50)) {code}", data), "/...", "--access-log-slow", "10ms", "--access-log", "slow");
        await using var silent = await ServerHost.StartAsync(Wat.Start("unreachable"), "/...", "--access-log", "off");

        await host.Client.GetStringAsync("/", Cancellation);
        using var failed = await silent.Client.GetAsync("/", Cancellation);
        await slow.Client.GetStringAsync("/", Cancellation);
        await Eventually.Becomes(
            () => slow.Log.Any(line => line.EndsWith("), completed", StringComparison.Ordinal)), isThere => isThere, cancellationToken: Cancellation);
        Assert.DoesNotContain(host.Log.Concat(silent.Log), IsOfRequest);
    }

    /// <summary>The first request is slow, the second failed after its answer had begun, the third is an error, the fourth is none of this.</summary>
    [Theory]
    [InlineData(AccessLogMode.Off, false, false, false, false)]
    [InlineData(AccessLogMode.Errors, false, true, true, false)]
    [InlineData(AccessLogMode.SlowOnly, true, false, false, false)]
    [InlineData(AccessLogMode.Slow, true, true, true, false)]
    [InlineData(AccessLogMode.All, true, true, true, true)]
    internal void Mode_SaysWhichRequestsHaveALine(AccessLogMode mode, bool slow, bool failed, bool error, bool other)
    {
        var options = new AccessLogOptions(mode, TimeSpan.FromSeconds(1));
        Assert.Equal(slow, options.Includes(isAnswered: true, 200, TimeSpan.FromSeconds(1)));
        Assert.Equal(failed, options.Includes(isAnswered: false, 200, TimeSpan.Zero));
        Assert.Equal(error, options.Includes(isAnswered: true, 400, TimeSpan.Zero));
        Assert.Equal(other, options.Includes(isAnswered: true, 399, TimeSpan.FromMilliseconds(999)));
    }

    [Fact]
    public void RequestThatIsNotLogged_AllocatesNothing()
    {
        var log = new AccessLog(AccessLogOptions.Default, TimeProvider.System, new HandlerHost.ListLogger()).Of("hello");
        var context = new DefaultHttpContext();
        log.Add(context, new RequestEnd(RequestOutcome.Completed, 5), 200, TimeSpan.FromMilliseconds(1));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            log.Add(context, new RequestEnd(RequestOutcome.Completed, 5), 200, TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void FloodOfErrors_CostsOneModulesLines_AndIsCounted()
    {
        var time = new FakeTimeProvider();
        var logger = new HandlerHost.ListLogger();
        var access = new AccessLog(AccessLogOptions.Default, time, logger);
        var (flooded, other) = (access.Of("flooded"), access.Of("other"));
        var context = new DefaultHttpContext { TraceIdentifier = "1" };
        for (var i = 0; i < 200; i++)
        {
            flooded.Add(context, new RequestEnd(RequestOutcome.Trapped), 500, TimeSpan.Zero);
        }

        other.Add(context, new RequestEnd(RequestOutcome.Trapped), 500, TimeSpan.Zero);
        time.Advance(TimeSpan.FromSeconds(1));
        flooded.Add(context, new RequestEnd(RequestOutcome.Trapped), 500, TimeSpan.Zero);

        Assert.Equal(51, logger.Lines.Count(line => line.StartsWith("Information flooded 1 ", StringComparison.Ordinal)));
        Assert.Contains("Information other 1 - - 500, 0 bytes, 0 ms, trapped", logger.Lines);
        Assert.Contains("Warning flooded: 150 lines about its requests were dropped, because there were more per second than are kept", logger.Lines);
    }
}
