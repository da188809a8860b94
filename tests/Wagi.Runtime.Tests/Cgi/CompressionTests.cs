using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Wagi.Modules.Configuration;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>Answers of modules that ask for <c>compress</c>, as a client gets them that decompresses nothing by itself.</summary>
public sealed class CompressionTests
{
    private const string Text = "the same again and again, the same again and again, the same again and again";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("gzip, deflate, br, zstd", "br")]
    [InlineData("gzip;q=1.0, br;q=0.5", "gzip")]
    [InlineData("*", "br")]
    [InlineData("identity", null)]
    [InlineData("gzip;q=0", null)]
    [InlineData("zstd", null)]
    [InlineData(null, null)]
    public async Task Text_IsCompressed_AsTheClientAccepts(string? accepted, string? coding)
    {
        await using var host = await StartAsync($"Content-Type: text/plain; charset=utf-8\n\n{Text}");

        using var response = await GetAsync(host, accepted);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(coding is null ? [] : [coding], response.Content.Headers.ContentEncoding);
        Assert.Equal(["Accept-Encoding"], response.Headers.Vary);
        Assert.Equal(coding is null ? Text.Length : null, response.Content.Headers.ContentLength);
        Assert.Equal(Text, await ReadAsync(response));
    }

    [Fact]
    public async Task ShortAnswer_StaysAsItIs()
    {
        await using var host = await StartAsync("Content-Type: text/plain\n\nall is well");

        using var response = await GetAsync(host);

        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.Equal("all is well", await ReadAsync(response));
    }

    [Fact]
    public async Task ModuleThatDoesNotAsk_AnswersAsItIs()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing($"Content-Type: text/plain\n\n{Text}"));

        using var response = await GetAsync(host);

        Assert.Empty(response.Content.Headers.ContentEncoding);
        Assert.Empty(response.Headers.Vary);
        Assert.Equal(Text.Length, response.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("Content-Type: application/json", true)]
    [InlineData("Content-Type: image/svg+xml", true)]
    [InlineData("Content-Type: TEXT/HTML;charset=utf-8", true)]
    [InlineData("Content-Type: text/plain\nContent-Length: 77", true)]
    [InlineData("Status: 404 Not Found\nContent-Type: text/html", true)]
    [InlineData("Content-Type: image/png", false)]
    [InlineData("Content-Type: application/octet-stream", false)]
    [InlineData("Content-Type: text/event-stream", false)]
    [InlineData("Content-Type: text/plain\nContent-Encoding: x-own", false)]
    [InlineData("Content-Type: text/plain\nCache-Control: public, no-transform", false)]
    [InlineData("Status: 206 Partial Content\nContent-Range: bytes 0-76/100\nContent-Type: text/plain", false)]
    [InlineData("Status: 206 Partial Content\nContent-Type: text/plain", false)]
    [InlineData("Status: 200 OK", false)]
    public async Task Answer_IsCompressed_IfItCanBecomeSmaller_AndNobodyElseHasCodedIt(string head, bool expected)
    {
        Assert.Equal(77, Text.Length + 1);
        await using var host = await StartAsync($"{head}\n\n{Text}.");

        using var response = await GetAsync(host);

        Assert.Equal(expected, response.Content.Headers.ContentEncoding.Contains("gzip"));
        Assert.Equal(expected ? null : 77, response.Content.Headers.ContentLength);
        Assert.Equal(Text + ".", await ReadAsync(response));
    }

    [Theory]
    [InlineData("ETag: \"1\"", "gzip", "W/\"1\"")]
    [InlineData("ETag: W/\"1\"", "gzip", "W/\"1\"")]
    [InlineData("ETag: \"1\"", "identity", "\"1\"")]
    public async Task Validator_IsWeak_WhenTheBytesAreOthers(string field, string accepted, string expected)
    {
        await using var host = await StartAsync($"Content-Type: text/plain\n{field}\n\n{Text}");

        using var response = await GetAsync(host, accepted);

        Assert.Equal(expected, response.Headers.ETag?.ToString());
    }

    [Fact]
    public async Task Vary_OfTheModule_IsKept()
    {
        await using var host = await StartAsync($"Content-Type: text/plain\nVary: Cookie\n\n{Text}");

        using var response = await GetAsync(host);

        Assert.Equal(["Cookie", "Accept-Encoding"], response.Headers.Vary);
    }

    [Fact]
    public async Task Head_Request_GetsTheFields_OfWhatGetWouldGet()
    {
        await using var host = await StartAsync($"Content-Type: text/plain\n\n{Text}");
        using var request = new HttpRequestMessage(HttpMethod.Head, "/") { Headers = { { "Accept-Encoding", "gzip" } } };

        using var response = await host.Client.SendAsync(request, Cancellation);

        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        Assert.Equal(["Accept-Encoding"], response.Headers.Vary);
        Assert.Null(response.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("204 No Content")]
    [InlineData("304 Not Modified")]
    public async Task Status_WithoutBody_HasNoCoding(string status)
    {
        await using var host = await StartAsync($"Status: {status}\nContent-Type: text/plain\nETag: \"1\"\n\n");
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            using var request = new HttpRequestMessage(method, "/") { Headers = { { "Accept-Encoding", "gzip" } } };

            using var response = await host.Client.SendAsync(request, Cancellation);

            Assert.Empty(response.Content.Headers.ContentEncoding);
            Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
            Assert.Equal("\"1\"", response.Headers.ETag?.ToString());
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task WhatTheGuestFlushes_ReachesTheClient_BeforeTheGuestEnds(string coding)
    {
        var (data1, first) = Wat.Print("content-type: text/plain\n\nfirst\n");
        var (data2, second) = Wat.Print("second\n", 6000);
        await using var host = await HandlerHost.StartAsync(Wat.Start($"{first} (call $sleep (i32.const 3000)) {second}", data1 + data2), entry: Asks);

        using var response = await GetAsync(host, coding);
        await using var stream = Decoded(response, await response.Content.ReadAsStreamAsync(Cancellation));
        using var reader = new StreamReader(stream);

        Assert.Equal("first", await reader.ReadLineAsync(Cancellation));
        Assert.Equal(1, host.Handler.Running);
        Assert.Equal("second\n", await reader.ReadToEndAsync(Cancellation));
    }

    [Theory]
    [InlineData(HttpProtocols.Http1, "gzip")]
    [InlineData(HttpProtocols.Http2, "br")]
    public async Task LargeAnswer_IsWhole(HttpProtocols protocols, string coding)
    {
        var (data, code) = Wat.Print("content-type: text/plain\n\n");
        await using var host = await HandlerHost.StartAsync(
            SharedEngine.Load(Wat.Start(
                $"{code} (loop $again (call $write (i32.const 1) (i32.const 8192) (i32.const 50000)) (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20))))",
                data)),
            entry: Asks, protocols: protocols);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/")
        {
            Headers = { { "Accept-Encoding", coding } },
            Version = protocols == HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);

        Assert.Equal([coding], response.Content.Headers.ContentEncoding);
        Assert.Equal(1_000_000, (await ReadAsync(response)).Length);
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task AnswerThatBreaksOff_DoesNotLookWhole(HttpProtocols protocols)
    {
        var (data, code) = Wat.Print("content-type: text/plain\n\n");
        await using var host = await HandlerHost.StartAsync(
            SharedEngine.Load(Wat.Start($"{code} (call $write (i32.const 1) (i32.const 8192) (i32.const 50000)) unreachable", data)), entry: Asks, protocols: protocols);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/")
        {
            Headers = { { "Accept-Encoding", "gzip" } },
            Version = protocols == HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        await Assert.ThrowsAsync<HttpRequestException>(() => host.Client.SendAsync(request, Cancellation));
    }

    [Fact]
    public async Task AnswerThatIsNone_IsTheRuntimesOwn()
    {
        var (data, code) = Wat.Print($"content-type: text/plain\netag: \"1\"\n\n{Text}");
        await using var host = await HandlerHost.StartAsync(Wat.Start($"{code} unreachable", data), entry: Asks);
        await using var none = await StartAsync("nonsense");

        // It has a header block: what follows must not look whole.
        await Assert.ThrowsAsync<HttpRequestException>(() => GetAsync(host));

        using var response = await GetAsync(none);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.StartsWith("502 ", await ReadAsync(response), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServedModule_IsCompressed_WhenItsEntrySaysSo()
    {
        await using var host = await ServerHost.ServeAsync(
            "[[module]]\nroute = \"/asks\"\nmodule = \"guest.wat\"\ncompress = true\n[[module]]\nroute = \"/...\"\nmodule = \"guest.wat\"\n",
            Wat.Printing($"Content-Type: text/plain\n\n{Text}"));
        host.Client.DefaultRequestHeaders.Add("Accept-Encoding", "gzip");

        using var asks = await host.Client.GetAsync("/asks", Cancellation);
        using var other = await host.Client.GetAsync("/other", Cancellation);

        Assert.Equal(["gzip"], asks.Content.Headers.ContentEncoding);
        Assert.Equal(Text, await ReadAsync(asks));
        Assert.Empty(other.Content.Headers.ContentEncoding);
        Assert.Equal(Text, await ReadAsync(other));
    }

    private static ModuleEntry Asks(ModuleEntry entry) => entry with { Compress = true };

    private static Task<HandlerHost> StartAsync(string answer) => HandlerHost.StartAsync(Wat.Printing(answer), entry: Asks);

    private static async Task<HttpResponseMessage> GetAsync(HandlerHost host, string? accepted = "gzip")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        if (accepted is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted);
        }

        return await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    private static async Task<string> ReadAsync(HttpResponseMessage response)
    {
        await using var stream = Decoded(response, await response.Content.ReadAsStreamAsync(Cancellation));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Cancellation);
    }

    private static Stream Decoded(HttpResponseMessage response, Stream body) => string.Join(',', response.Content.Headers.ContentEncoding) switch
    {
        "gzip" => new GZipStream(body, CompressionMode.Decompress),
        "br" => new BrotliStream(body, CompressionMode.Decompress),
        _ => body,
    };
}
