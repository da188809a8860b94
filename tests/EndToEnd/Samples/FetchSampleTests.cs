using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>fetch</c>: outbound HTTP.</summary>
public class FetchSampleTests(ServedSamples samples) : SampleTests(samples)
{
    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Get_IsPassedOn_ToAnAllowedHost(string language)
    {
        using var response = await Client.GetAsync(Fetch(language, Samples.Target.Origin + "/path?a=1"), Cancellation);

        Assert.Equal((203, "text/x"), ((int)response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        Assert.Equal("GET ?a=1 ", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Post_IsPassedOn_WithItsBodyAndType(string language)
    {
        var sent = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        using var content = new ByteArrayContent(sent) { Headers = { ContentType = new MediaTypeHeaderValue("image/x-sample") } };

        using var response = await Client.PostAsync(Fetch(language, $"{Samples.Target.Origin}/post?from={language}"), content, Cancellation);

        Assert.Equal(203, (int)response.StatusCode);
        byte[] expected = [.. Encoding.ASCII.GetBytes($"POST ?from={language} "), .. sent];
        Assert.Equal(expected, await response.Content.ReadAsByteArrayAsync(Cancellation));
        var received = Assert.Single(Samples.Target.Requests, request => request.Path == $"/post?from={language}");
        Assert.Equal("image/x-sample", received.Headers["content-type"]);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Post_Of10MB_IsPassedOn(string language)
    {
        var sent = new byte[10_000_000];
        new Random(2).NextBytes(sent);

        using var response = await Client.PostAsync(Fetch(language, Samples.Target.Origin), new ByteArrayContent(sent), Cancellation);

        var received = await response.Content.ReadAsByteArrayAsync(Cancellation);
        Assert.True(received.AsSpan("POST  ".Length..).SequenceEqual(sent), $"status {response.StatusCode}, {received.Length} bytes");
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task HostThatIsNotAllowed_IsRefused(string language)
    {
        var origin = new UriBuilder(Samples.Target.Origin) { Host = "localhost" }.Uri; // the same server by another name

        using var response = await Client.GetAsync(Fetch(language, $"{origin}refused?from={language}"), Cancellation);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("destination not allowed", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain(Samples.Target.Requests, request => request.Path == $"/refused?from={language}");
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task UrlThatIsNone_IsTold(string language)
    {
        using var wrong = await Client.GetAsync(Fetch(language, "nonsense"), Cancellation);
        using var none = await Client.GetAsync(Path("fetch", language), Cancellation);

        Assert.Equal((HttpStatusCode.BadGateway, HttpStatusCode.BadRequest), (wrong.StatusCode, none.StatusCode));
    }

    private string Fetch(string language, string url) => $"{Path("fetch", language)}?url={Uri.EscapeDataString(url)}";
}
