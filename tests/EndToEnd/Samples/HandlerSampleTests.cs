using System.Net;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>handler</c>: a component for <c>wasi:http</c> made of JavaScript.</summary>
public class HandlerSampleTests(ServedSamples samples) : SampleTests(samples)
{
    [Fact]
    public async Task Handler_Greets_InJson()
    {
        using var response = await Client.GetAsync(Path("handler", "javascript") + "/m%C3%BCnchen", Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("{\"hello\":\"münchen\"}", await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task Handler_Echoes_10MB()
    {
        var sent = new byte[10_000_000];
        new Random(1).NextBytes(sent);

        using var response = await Client.PostAsync(Path("handler", "javascript"), new ByteArrayContent(sent), Cancellation);
        var received = await response.Content.ReadAsByteArrayAsync(Cancellation);

        Assert.True(sent.AsSpan().SequenceEqual(received), $"{received.Length} bytes came back and they are not those that were sent");
    }

    [Fact]
    public async Task Handler_Fetches_FromAllowedHostsAlone()
    {
        var path = Path("handler", "javascript");

        using var allowed = await Client.GetAsync($"{path}?url={Samples.Target.Origin}/x", Cancellation);
        using var refused = await Client.GetAsync($"{path}?url=http://127.0.0.1:1/x", Cancellation);

        Assert.Equal((HttpStatusCode)203, allowed.StatusCode);
        Assert.StartsWith("GET", await allowed.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.False(refused.IsSuccessStatusCode);
    }
}
