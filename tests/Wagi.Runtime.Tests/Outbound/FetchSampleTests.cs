using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Tests.Requests;
using Wagi.Runtime.Tests.Sandbox;
using Wagi.TestCluster.Product;
using static Wagi.Runtime.Tests.Outbound.OutboundTest;

namespace Wagi.Runtime.Tests.Outbound;

/// <summary>The sample <c>fetch</c> of each language, as <c>samples/build</c> makes it.</summary>
public class FetchSampleTests
{
    public static TheoryData<string> Languages => ["c", "rust", "go", "assemblyscript", "zig"];

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Sample_PassesOn_GetAndPost(string language)
    {
        await using var target = await TargetServer.StartAsync(async context =>
        {
            context.Response.StatusCode = 203;
            context.Response.ContentType = "text/x";
            await context.Response.WriteAsync($"{context.Request.Method} {context.Request.Query["a"]} ");
            await context.Request.Body.CopyToAsync(context.Response.Body);
        });
        await using var host = await StartAsync(language, target.Origin);
        var url = $"/?url={Uri.EscapeDataString(target.Origin + "/path?a=1")}";
        using var content = new ByteArrayContent([0, 1, 10, 13, 200, 255]) { Headers = { ContentType = new MediaTypeHeaderValue("image/x") } };

        using var got = await host.Client.GetAsync(url);
        using var posted = await host.Client.PostAsync(url, content);

        Assert.Equal((203, "text/x"), ((int)got.StatusCode, got.Content.Headers.ContentType?.ToString()));
        Assert.Equal("GET 1 ", await got.Content.ReadAsStringAsync());
        Assert.Equal([.. "POST 1 "u8, 0, 1, 10, 13, 200, 255], await posted.Content.ReadAsByteArrayAsync());
        Assert.Equal("image/x", target.Requests.Last().Headers["content-type"]);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task Sample_TellsWhatWentWrong(string language)
    {
        await using var target = await TargetServer.StartAsync();
        await using var host = await StartAsync(language, target.Origin);

        using var refused = await host.Client.GetAsync("/?url=http%3A%2F%2F127.0.0.1%3A1%2F");
        using var wrong = await host.Client.GetAsync("/?url=nonsense");
        using var none = await host.Client.GetAsync("/");

        Assert.Equal(
            [HttpStatusCode.Forbidden, HttpStatusCode.BadGateway, HttpStatusCode.BadRequest],
            new[] { refused.StatusCode, wrong.StatusCode, none.StatusCode });
    }

    [Fact]
    public async Task Sample_PassesOn_10MB()
    {
        await using var target = await TargetServer.StartAsync(context => context.Request.Body.CopyToAsync(context.Response.Body));
        await using var host = await StartAsync("c", target.Origin);
        var sent = new byte[10 << 20];
        new Random(1).NextBytes(sent);

        using var response = await host.Client.PostAsync($"/?url={Uri.EscapeDataString(target.Origin)}", new ByteArrayContent(sent));

        Assert.Equal(sent, await response.Content.ReadAsByteArrayAsync());
    }

    private static async Task<HandlerHost> StartAsync(string language, string origin)
    {
        var file = Checkout.Sample($"fetch-{language}");
        Assert.SkipWhen(file is null, $"artifacts/samples/fetch-{language}.wasm is not built: run 'samples/build fetch-{language}'");
        var engine = SharedEngine.Instance;
        return await HandlerHost.StartAsync(engine.Load(engine.Compile(await File.ReadAllBytesAsync(file))), entry: Allowing([origin]));
    }
}
