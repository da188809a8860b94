using System.Net;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>From what a guest prints to what a client gets (RFC 3875 §6).</summary>
public class ResponseTests
{
    [Theory]
    [InlineData("content-type: text/plain\n\nbody", 200, "text/plain")]
    [InlineData("Content-Type: text/html; charset=utf-8\r\n\r\nbody", 200, "text/html; charset=utf-8")]
    [InlineData("CONTENT-TYPE:text/x-odd \t \r\n\nbody", 200, "text/x-odd")]
    [InlineData("Status: 404\ncontent-type: text/plain\n\nbody", 404, "text/plain")]
    [InlineData("status: 201\n\nbody", 201, null)]
    public async Task Head_Becomes_StatusAndType(string printed, int status, string? type)
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing(printed));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
        Assert.Equal("body", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Status_Keeps_ItsPhrase()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing("status: 404 Nothing Here\n\n"));

        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 404 Nothing Here\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("location: /there\n\n", 302)]
    [InlineData("location: https://example.com/a\nstatus: 301 Moved\n\n", 301)]
    public async Task Location_Redirects(string printed, int status)
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing(printed));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.NotNull(response.Headers.Location);
    }

    [Theory]
    [InlineData("location: /local?q=%20#here\n\n", "302 Found", "/local?q=%20#here", "")]
    [InlineData("location: ../up\ncontent-type: text/plain\nstatus: 303 See Other\n\ndocument", "303 See Other", "../up", "document")]
    public async Task Redirect_GoesToTheClient_AsItWasPrinted(string printed, string status, string location, string body)
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing(printed));

        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer, StringComparison.Ordinal);
        Assert.Contains($"\r\nLocation: {location}\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith($"\r\n\r\n{body}", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_OfOneName_StaySeveral()
    {
        await using var host = await HandlerHost.StartAsync(
            Wat.Printing("content-type: text/plain\nset-cookie: a=1; Path=/\nSet-Cookie: b=2\nx-other: 1\n\n"));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(["a=1; Path=/", "b=2"], response.Headers.GetValues("Set-Cookie"));
        Assert.Equal(["1"], response.Headers.GetValues("X-Other"));
    }

    [Theory]
    [InlineData("", "wrote nothing")]
    [InlineData("content-type: text/plain\n", "before its header block was complete")]
    [InlineData("hello world\n\n", "no colon")]
    [InlineData("\n\nbody", "none of")]
    [InlineData("x-only: 1\n\nbody", "none of")]
    [InlineData("content type: text/plain\n\n", "invalid name")]
    [InlineData(": text/plain\n\n", "invalid name")]
    [InlineData("content-type : text/plain\n\n", "invalid name")]
    [InlineData("content-type: text/plain\n folded\n\n", "no colon")]
    [InlineData("content-type: text/plain\nx: a\rset-cookie: b=1\n\n", "control character")]
    [InlineData("content-type: text/plain\nx: a\0b\n\n", "control character")]
    [InlineData("content-type: text/plain\ncontent-type: text/html\n\n", "twice")]
    [InlineData("status: 200\nstatus: 500\n\n", "twice")]
    [InlineData("status: 99\n\n", "200 to 599")]
    [InlineData("status: 101 Switching\n\n", "200 to 599")]
    [InlineData("status: 2000\n\n", "200 to 599")]
    [InlineData("status: ok\n\n", "200 to 599")]
    [InlineData("content-type: text/plain\ncontent-length: -1\n\n", "not a number")]
    [InlineData("content-type: text/plain\ncontent-length: 1\ncontent-length: 2\n\n", "different values")]
    [InlineData("content-type: text/plain\ncontent-length: 2\n\nabc", "longer than its 'Content-Length'")]
    [InlineData("content-type: text/plain\ncontent-length: 4\n\nabc", "3 bytes")]
    [InlineData("content-type: text/plain\nTransfer-Encoding: chunked\n\n", "belongs to the connection")]
    [InlineData("content-type: text/plain\nconnection: close\n\n", "belongs to the connection")]
    [InlineData("content-type: text/plain\nupgrade: x\n\n", "belongs to the connection")]
    [InlineData("content-type: text/plain\nkeep-alive: 5\n\n", "belongs to the connection")]
    [InlineData("content-type: text/plain\nproxy-authenticate: Basic\n\n", "belongs to the connection")]
    [InlineData("content-type: text/plain\nproxy-authorization: x\n\n", "belongs to the connection")]
    [InlineData("content-type: text/plain\nproxy-connection: close\n\n", "belongs to the connection")]
    [InlineData("content-type: text/plain\nte: trailers\n\n", "belongs to the connection")]
    [InlineData("content-type: text/plain\ntrailer: x\n\n", "belongs to the connection")]
    [InlineData("location: /a\nlocation: /b\n\n", "twice")]
    [InlineData("location: /a\rset-cookie: b=1\n\n", "control character")]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nbody", "no colon")]
    public async Task Head_ThatIsNotValid_Gives502(string printed, string reason)
    {
        await using var host = await HandlerHost.StartAsync(printed.Length == 0 ? Wat.Start("") : Wat.Printing(printed));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.False(response.Headers.Contains("x"));
        Assert.StartsWith("502 ", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains(host.Log.Lines, line => line.StartsWith("Warning tests/handler ", StringComparison.Ordinal)
            && line.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Head_LongerThanAllowed_Gives502()
    {
        await using var host = await HandlerHost.StartAsync(
            Wat.Printing($"content-type: text/plain\nx: {new string('a', 4000)}\n\n"), defaults: new() { MaxHeaderBlock = 2048 });

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Fact]
    public async Task Head_ThatNeverEnds_Gives502()
    {
        var (data, code) = Wat.Print("x-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
        await using var host = await HandlerHost.StartAsync(Wat.Start($"(loop $again {code} (br $again))", data));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
    }

    [Fact]
    public async Task Head_InManyWrites_IsPutTogether()
    {
        const string Printed = "content-type: text/plain\r\nx-a: 1\r\n\r\nbody\n";
        var body = string.Concat(Printed.Select((_, i) => $"(call $write (i32.const 1) (i32.const {4096 + i}) (i32.const 1))"));
        await using var host = await HandlerHost.StartAsync(
            Wat.Start(body, $"(data (i32.const 4096) \"{Wat.Escape(Printed)}\")"));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal("1", Assert.Single(response.Headers.GetValues("x-a")));
        Assert.Equal("body\n", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Head_WithLatin1_IsPassedOnUntouched()
    {
        var data = "(data (i32.const 4096) \"content-type: text/plain\\0ax-name: \\e4\\0a\\0a\")";
        await using var host = await HandlerHost.StartAsync(Wat.Start("(call $write (i32.const 1) (i32.const 4096) (i32.const 36))", data));

        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.Contains("\r\nx-name: \u00e4\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ContentLength_OfTheGuest_IsKept()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing("content-type: text/plain\ncontent-length: 4\n\nbody"));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(4, response.Content.Headers.ContentLength);
        Assert.Equal("body", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task ContentLength_MoreThanTheBody_AbortsAStreamedAnswer()
    {
        var (data, code) = Wat.Print("content-type: text/plain\ncontent-length: 1000\n\nbody");
        await using var host = await HandlerHost.StartAsync(Wat.Start($"{code} (call $sleep (i32.const 1))", data));

        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        // The reset may overtake the part that was sent: then nothing arrives, which is no whole answer either.
        Assert.True(answer == "<reset>" || answer.Contains("Content-Length: 1000", StringComparison.Ordinal), answer);
        Assert.True(answer.Length < 1000);
    }

    [Fact]
    public async Task Body_IsNoHeader_WhateverItLooksLike()
    {
        const string Body = "\r\nstatus: 404\n\nset-cookie: a=1\r\n\r\n\0";
        await using var host = await HandlerHost.StartAsync(Wat.Printing($"content-type: text/plain\r\n\r\n{Body}"));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.False(response.Headers.Contains("Set-Cookie"));
        Assert.Equal(Body, await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("content-type: text/plain\ncontent-length: 1000\n\n", "", "Content-Length: 1000\r\n")]
    [InlineData("content-type: text/plain\n\n", "(loop $again (call $write (i32.const 1) (i32.const 8192) (i32.const 10000))"
        + " (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $again (i32.lt_u (local.get $i) (i32.const 20))))",
        "Content-Length: 200000\r\n")]
    public async Task Head_Request_GetsTheLength_OfWhatGetWouldGet(string head, string body, string length)
    {
        var (data, code) = Wat.Print(head);
        await using var host = await HandlerHost.StartAsync(Wat.Start(code + body, data));

        var answer = await host.SendRawAsync("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains(length, answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Head_Request_GetsNoBody()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing("content-type: text/plain\nx-a: 1\n\nbody"));

        var answer = await host.SendRawAsync("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Content-Length: 4\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    /// <summary>As CGI servers do it: RFC 9110 §6.4.1 and §15.3.6 leave no room for a body, and the guest's status counts.</summary>
    [Theory]
    [InlineData(204, "body", "")]
    [InlineData(205, "body", "")]
    [InlineData(304, "body", "")]
    [InlineData(204, "body", "content-length: 4\n")]
    [InlineData(205, "body", "content-length: 4\n")]
    [InlineData(205, "", "content-length: 4\n")]
    [InlineData(205, "", "")]
    public async Task Status_WithoutBody_DropsIt(int status, string body, string length)
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing($"status: {status}\ncontent-type: text/plain\n{length}\n{body}"));

        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Content-Length: 4", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(205)]
    [InlineData(304)]
    public async Task Status_WithoutBody_DropsOneThatIsStreamed(int status)
    {
        var (data, code) = Wat.Print($"status: {status}\ncontent-type: text/plain\n\n");
        await using var host = await HandlerHost.StartAsync(Wat.Start(code + """
            (loop $again
              (call $write (i32.const 1) (i32.const 8192) (i32.const 10000))
              (call $sleep (i32.const 1))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $again (i32.lt_u (local.get $i) (i32.const 5))))
            """, data));

        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }
}
