using System.Net;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>hello</c>.</summary>
public class HelloSampleTests(ServedSamples samples) : SampleTests(samples)
{
    [Theory]
    [MemberData(nameof(LanguagesTextAndComponent))]
    [InlineData("rust-component")]
    [InlineData("http")]
    [InlineData("wasip2")]
    public async Task Hello_Greets_AsPlainText(string language)
    {
        using var response = await Client.GetAsync(Path("hello", language), Cancellation);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("Hello, world (version 1)\n", await response.Content.ReadAsStringAsync(Cancellation));
    }
}
