using System.Net;
using System.Net.Http.Headers;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>echo</c>.</summary>
public class EchoSampleTests(ServedSamples samples) : SampleTests(samples)
{
    [Theory]
    [MemberData(nameof(LanguagesTextAndComponent))]
    [InlineData("http")]
    public async Task Echo_GivesBack_EveryByteValue(string language)
    {
        var sent = Enumerable.Range(0, 1024).Select(i => (byte)i).ToArray();
        using var content = new ByteArrayContent(sent) { Headers = { ContentType = new MediaTypeHeaderValue("image/x-sample") } };

        using var response = await Client.PostAsync(Path("echo", language), content, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            language is "wat" or "http" ? "application/octet-stream" : "image/x-sample", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(sent, await response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Theory]
    [MemberData(nameof(LanguagesTextAndComponent))]
    [InlineData("http")]
    public async Task Echo_GivesBack_10MB(string language)
    {
        var sent = new byte[10_000_000];
        new Random(1).NextBytes(sent);

        using var response = await Client.PostAsync(Path("echo", language), new ByteArrayContent(sent), Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var received = await response.Content.ReadAsByteArrayAsync(Cancellation);
        Assert.True(sent.AsSpan().SequenceEqual(received), $"{received.Length} bytes came back and they are not those that were sent");
    }

    [Theory]
    [MemberData(nameof(LanguagesTextAndComponent))]
    [InlineData("http")]
    public async Task Echo_OfNothing_IsEmpty(string language)
    {
        using var response = await Client.GetAsync(Path("echo", language), Cancellation);

        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType?.ToString());
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancellation));
    }
}
