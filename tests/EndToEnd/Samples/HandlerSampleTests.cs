using System.Net;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>handler</c>: a component for <c>wasi:http</c> made of JavaScript, and of Rust.</summary>
public class HandlerSampleTests(ServedSamples samples) : SampleTests(samples)
{
    [Theory]
    [InlineData("javascript", "/m%C3%BCnchen", "münchen")]
    [InlineData("wasip2", "/m%C3%BCnchen", "m%C3%BCnchen")]
    public async Task Handler_Greets_InJson(string language, string name, string greeted)
    {
        using var response = await Client.GetAsync(Path("handler", language) + name, Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal($"{{\"hello\":\"{greeted}\"}}", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Handler_SaysWhatIsWrong_WithANameThatIsNoText()
    {
        using var response = await Client.GetAsync(Path("handler", "javascript") + "/%FF", Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("the name is not UTF-8\n", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData("javascript")]
    [InlineData("wasip2")]
    public async Task Handler_Echoes_10MB(string language)
    {
        var sent = new byte[10_000_000];
        new Random(1).NextBytes(sent);

        using var response = await Client.PostAsync(Path("handler", language), new ByteArrayContent(sent), Cancellation);
        var received = await response.Content.ReadAsByteArrayAsync(Cancellation);

        Assert.True(sent.AsSpan().SequenceEqual(received), $"{received.Length} bytes came back and they are not those that were sent");
    }

    [Theory]
    [InlineData("javascript")]
    [InlineData("wasip2")]
    public async Task Handler_Fetches_FromAllowedHostsAlone(string language)
    {
        var path = Path("handler", language);

        using var allowed = await Client.GetAsync($"{path}?url={Samples.Target.Origin}/x", Cancellation);
        using var refused = await Client.GetAsync($"{path}?url=http://127.0.0.1:1/x", Cancellation);

        Assert.Equal((HttpStatusCode)203, allowed.StatusCode);
        Assert.StartsWith("GET", await allowed.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.False(refused.IsSuccessStatusCode);
    }
}
