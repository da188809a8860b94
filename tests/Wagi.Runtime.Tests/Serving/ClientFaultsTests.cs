using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Serving;

/// <summary>What a client does wrong is answered and counted as such, and is no error of the server.</summary>
[Collection(AloneCollection.Name)]
public sealed class ClientFaultsTests
{
    private static readonly string Hello = Wat.Printing("Content-Type: text/plain\n\nhello\n");

    [Fact]
    public async Task Connect_IsNotImplemented_AndCountedAsSuch()
    {
        await using var host = await ServerHost.StartAsync(Hello);

        var answer = await host.SendRawAsync("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 501 Not Implemented\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\n\r\n501 the server is no proxy: there is no CONNECT (request ", answer, StringComparison.Ordinal);
        Assert.Contains("{code=\"5xx\",module=\"\",outcome=\"no_route\"} 1", await host.CountedAsync(), StringComparison.Ordinal);
        AssertNoTrouble(host);
    }

    [Fact]
    public async Task BadChunk_IsAnsweredWithTheReason_AndLoggedInOneLine()
    {
        await using var host = await ServerHost.StartAsync(Hello);

        var answer = await host.SendRawAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");

        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\n\r\n400 the request is not valid: Bad chunk size data (request ", answer, StringComparison.Ordinal);
        Assert.Single(host.Log, line => line.Contains("is not valid: Bad chunk size data", StringComparison.Ordinal));
        Assert.Contains("{code=\"4xx\",module=\"/...\",outcome=\"bad_request\"} 1", await host.CountedAsync(), StringComparison.Ordinal);
        AssertNoTrouble(host);
    }

    /// <summary>A chunk of more bytes than the server can count: to it, that is another exception than a chunk that is none.</summary>
    [Theory]
    [InlineData("/", "80000000\r\n")]
    [InlineData("/", "ffffffff\r\nabc")]
    [InlineData("/", "7fffffffffffffff\r\n")]
    [InlineData("/", "3\r\nabc\r\n80000000\r\n")]
    [InlineData("/none", "80000000\r\n")]
    public async Task ChunkThatIsTooLarge_IsTheClientsFault(string path, string chunks)
    {
        await using var host = await ServerHost.StartAsync(Wat.Echo, "/");

        var answer = await host.SendRawAsync($"POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");

        Assert.StartsWith(path == "/" ? "HTTP/1.1 400 Bad Request\r\n" : "HTTP/1.1 404 Not Found\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nX-Request-Id: ", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(path == "/" ? "module=\"/\",outcome=\"bad_request\"} 1" : "outcome=\"no_route\"} 1", await host.CountedAsync(), StringComparison.Ordinal);
        AssertNoTrouble(host);
    }

    [Theory]
    [InlineData("nonsense\r\n\r\n", "4xx")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "4xx")]
    [InlineData("GET / HTTP/9.9\r\nHost: a\r\n\r\n", "5xx")]
    public async Task RequestThatIsNoHttp_IsCounted_WithoutAModule(string request, string code)
    {
        await using var host = await ServerHost.StartAsync(Hello);

        await host.SendRawAsync(request);

        Assert.Contains($"{{code=\"{code}\",module=\"\",outcome=\"bad_request\"}} ", await host.CountedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UploadThatStalls_Gets408_AndIsNoError()
    {
        await using var host = await ServerHost.StartAsync(Hello, "/...", "--client-timeout", "200ms");

        var answer = await host.SendRawAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc");

        Assert.StartsWith("HTTP/1.1 408 Request Timeout\r\n", answer, StringComparison.Ordinal);
        Assert.Single(host.Log, line => line.EndsWith("was turned away: the request body did not arrive in time", StringComparison.Ordinal));
        AssertNoTrouble(host);
    }

    [Theory]
    [InlineData("Content-Length: 5\r\n\r\nabcde")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")]
    public async Task BodyThatIsTooLarge_Gets413_AndIsLogged(string rest)
    {
        await using var host = await ServerHost.StartAsync(Hello, "/...", "--max-body", "4");

        var answer = await host.SendRawAsync("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + rest);

        Assert.StartsWith("HTTP/1.1 413 Payload Too Large\r\n", answer, StringComparison.Ordinal);
        Assert.Single(host.Log, line => line.EndsWith("was turned away: the request body is larger than 4 bytes", StringComparison.Ordinal));
        AssertNoTrouble(host);
    }

    [Fact]
    public async Task ClientThatGoesAway_IsNoError()
    {
        await using var host = await ServerHost.StartAsync(Hello);
        using (var client = new System.Net.Sockets.TcpClient())
        {
            await client.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port, TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc"u8.ToArray(), TestContext.Current.CancellationToken);
            client.LingerState = new System.Net.Sockets.LingerOption(true, 0);
        }

        await Eventually.Becomes(
            _ => host.CountedAsync(),
            counted => counted == "{code=\"none\",module=\"/...\",outcome=\"cancelled\"} 1",
            cancellationToken: TestContext.Current.CancellationToken);
        AssertNoTrouble(host);
    }

    private static void AssertNoTrouble(ServerHost host)
    {
        var trouble = string.Join('\n', host.Log.Where(line => !line.StartsWith("Information ", StringComparison.Ordinal) || line.Contains("   at ", StringComparison.Ordinal)));
        Assert.True(trouble.Length == 0, trouble);
    }
}
