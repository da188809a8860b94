using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Wagi.TestCluster;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>router</c>: a handler of Go's <c>net/http</c>, served by the package <c>wagi</c> beside it.</summary>
public class RouterSampleTests(ServedSamples samples) : SampleTests(samples)
{
    /// <summary>The path that it is served at.</summary>
    protected virtual string Router => Path("router", "go");

    [Theory]
    [InlineData("moon", "Hello, moon\n")]
    [InlineData("gr%C3%BC%C3%9F%20dich", "Hello, grüß dich\n")]
    [InlineData("a%2Fb", "Hello, a/b\n")]
    public async Task PathValue_IsDecoded_OnceItIsMatched(string sent, string answered)
    {
        using var response = await Client.GetAsync($"{Router}/hello/{sent}", Cancellation);

        Assert.Equal((HttpStatusCode.OK, "text/plain; charset=utf-8"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        Assert.Equal(answered, await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData("GET", "/nothing", HttpStatusCode.NotFound)]
    [InlineData("GET", "/hello/a/b", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/hello/moon", HttpStatusCode.MethodNotAllowed)]
    public async Task WhatNoPatternMatches_IsAnswered_ByTheMux(string method, string path, HttpStatusCode status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Router + path);

        using var response = await Client.SendAsync(request, Cancellation);

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Body_ComesBack_ByteForByte()
    {
        var sent = new byte[1_000_000];
        new Random(1).NextBytes(sent);
        using var content = new ByteArrayContent(sent) { Headers = { ContentType = new MediaTypeHeaderValue("image/x-sample") } };

        using var response = await Client.PostAsync($"{Router}/echo", content, Cancellation);

        Assert.Equal((HttpStatusCode.OK, "image/x-sample"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        var received = await response.Content.ReadAsByteArrayAsync(Cancellation);
        Assert.True(sent.AsSpan().SequenceEqual(received), $"{received.Length} bytes came back and they are not those that were sent");
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Request_Arrives_AsNetHttpShowsIt(string version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Router}/request?a=1&a=x%20y&b")
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Add("Cookie", "one=1; two=2");
        request.Headers.Add("X-Sample", ["a", "b"]);
        request.Content = new StringContent("text");

        using var response = await Client.SendAsync(request, Cancellation);

        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        var seen = document.RootElement;
        Assert.Equal("GET", seen.GetProperty("method").GetString());
        Assert.Equal($"HTTP/{version}", seen.GetProperty("proto").GetString());
        Assert.Equal($"{Router}/request?a=1&a=x%20y&b", seen.GetProperty("uri").GetString());
        Assert.Equal(Client.BaseAddress!.Authority, seen.GetProperty("host").GetString());
        Assert.StartsWith("127.0.0.1:", seen.GetProperty("client").GetString(), StringComparison.Ordinal);
        Assert.Equal("""{"a":["1","x y"],"b":[""]}""", seen.GetProperty("query").GetRawText());
        Assert.Equal("""{"one":"1","two":"2"}""", seen.GetProperty("cookies").GetRawText());
        Assert.Equal("""["a, b"]""", seen.GetProperty("headers").GetProperty("X-Sample").GetRawText());
        Assert.Equal("""["text/plain; charset=utf-8"]""", seen.GetProperty("headers").GetProperty("Content-Type").GetRawText());
        Assert.Equal("4", seen.GetProperty("length").GetRawText());
        Assert.Equal("Grüß dich", seen.GetProperty("greeting").GetString());
    }

    [Fact]
    public async Task Requests_ShareNoState()
    {
        for (var i = 0; i < 3; i++)
        {
            using var response = await Client.GetAsync($"{Router}/count", Cancellation);

            Assert.Equal("1\n", await response.Content.ReadAsStringAsync(Cancellation));
            Assert.Equal(["first=1; Secure", "second=2; Secure"], response.Headers.GetValues("Set-Cookie"));
        }
    }

    [Fact]
    public async Task MathRand_IsSeededAnew_InEachRequest()
    {
        var numbers = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            numbers.Add(await Client.GetStringAsync($"{Router}/dice", Cancellation));
        }

        Assert.Distinct(numbers);
    }

    [Fact]
    public async Task Head_HasTheLength_AndNoBody()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, $"{Router}/hello/moon");

        using var response = await Client.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("Hello, moon\n".Length, response.Content.Headers.ContentLength);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task Status_WithoutBody_HasNoType()
    {
        using var response = await Client.DeleteAsync($"{Router}/echo", Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Null(response.Content.Headers.ContentType);
    }

    [Fact]
    public async Task Flush_SendsWhatIsWritten_AtOnce()
    {
        // The last line comes in a day: whatever waits for it misses the deadline of the request.
        using var response = await Client.GetAsync($"{Router}/ticks?n=86400", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation));

        Assert.Equal("tick 1", await reader.ReadLineAsync(Cancellation));
        Assert.Equal("tick 2", await reader.ReadLineAsync(Cancellation));
    }

    [Fact]
    public async Task Panic_Gives500_AndItsTraceToTheLog()
    {
        using var response = await Client.GetAsync($"{Router}/broken", Cancellation);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.DoesNotContain("whole answer", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        await Eventually.Becomes(
            () => Samples.Runtime.Log,
            log => log.Contains("panic: out of luck", StringComparison.Ordinal) && log.Contains("main.broken", StringComparison.Ordinal),
            cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Panic_AfterAFlush_CutsTheConnection()
    {
        await Assert.ThrowsAsync<HttpRequestException>(() => Client.GetStringAsync($"{Router}/broken?after=flush", Cancellation));
    }

    [Fact]
    public async Task HeadersOfTheConnection_AreLeftToTheRuntime()
    {
        Assert.Equal("closed\n", await Client.GetStringAsync($"{Router}/close", Cancellation));
    }
}

/// <summary>The same, initialized when it was compiled.</summary>
public sealed class PreinitializedRouterSampleTests(ServedSamples samples) : RouterSampleTests(samples)
{
    protected override string Router => Samples.RequirePreinitialized("router", "go");

    [Fact]
    public Task NothingKeptIt_FromBeingPreinitialized() => Samples.AssertPreinitializedAsync(Router, Cancellation);
}
