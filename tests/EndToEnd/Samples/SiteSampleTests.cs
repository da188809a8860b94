using System.Net;
using System.Net.Http.Headers;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>site</c>, with files.</summary>
public class SiteSampleTests(ServedSamples samples) : SampleTests(samples)
{
    [Fact]
    public async Task Site_IsServed_AsABrowserWantsIt()
    {
        var path = Path("site", "c");
        using var index = await Client.GetAsync($"{path}/", Cancellation);
        Assert.Equal("text/html; charset=utf-8", index.Content.Headers.ContentType!.ToString());
        Assert.Equal("<h1>hello</h1>", await index.Content.ReadAsStringAsync(Cancellation));

        Assert.Equal(HttpStatusCode.NotModified, (await GetAsync("/", headers => headers.IfNoneMatch.Add(index.Headers.ETag!))).Status);
        Assert.Equal((HttpStatusCode.PartialContent, "ody"), await GetAsync("/a.css", headers => headers.Range = new RangeHeaderValue(1, 3)));
        Assert.Equal((HttpStatusCode.PartialContent, "{}"), await GetAsync("/a.css", headers => headers.Range = new RangeHeaderValue(null, 2)));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await GetAsync("/a.css", headers => headers.Range = new RangeHeaderValue(99, null))).Status);
        Assert.Equal((HttpStatusCode.OK, "packed"), await GetAsync("/a.css", headers => headers.AcceptEncoding.ParseAdd("br;q=0, gzip")));
        Assert.Equal((HttpStatusCode.OK, "body{}"), await GetAsync("/a.css", headers => headers.AcceptEncoding.ParseAdd("gzip;q=0")));
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("/nothing", _ => { })).Status);

        async Task<(HttpStatusCode Status, string Body)> GetAsync(string file, Action<HttpRequestHeaders> set)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path + file);
            set(request.Headers);
            using var response = await Client.SendAsync(request, Cancellation);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancellation));
        }
    }
}
