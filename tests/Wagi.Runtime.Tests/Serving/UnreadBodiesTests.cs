using System.Net.Sockets;
using System.Text;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Serving;

/// <summary>Bodies that nobody reads to their end, of clients that go away: what is left of one must never become requests.</summary>
public sealed class UnreadBodiesTests
{
    private const string Smuggled = "GET /hello/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    private const int Attempts = 30;

    private static readonly string Hello = Wat.Printing("Content-Type: text/plain\n\nhello\n");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>What is sent of a body before its client waits for an answer, if it does, and goes away.</summary>
    [Theory]
    [InlineData("/hello", 3_000_000, 3_000_000, true)]
    [InlineData("/hello", 3_000_000, 1_500_000, true)]
    [InlineData("/hello", 3_000_000, 1_500_000, false)]
    [InlineData("/hello", 900_000, 400_000, false)]
    [InlineData("/none", 900_000, 400_000, true)]
    [InlineData("/none", 900_000, 400_000, false)]
    [InlineData("/hello", 30_000_000, 400_000, true)]
    [InlineData("/hello", 30_000_000, 400_000, false)]
    [InlineData("/limited", 900_000, 400_000, false)]
    public async Task RestOfABody_IsNoRequest(string path, int length, int sent, bool waits)
    {
        await using var host = await ServerHost.ServeAsync(
            "[[module]]\nroute = \"/hello/...\"\nmodule = \"guest.wat\"\n[[module]]\nroute = \"/limited\"\nmodule = \"guest.wat\"\nrate_limit = \"1/h\"\n",
            Hello, "--access-log", "all", "--max-body", "20000000");
        var body = string.Concat(Enumerable.Repeat(Smuggled, (sent / Smuggled.Length) + 1))[..sent];
        for (var i = 0; i < Attempts; i++)
        {
            await SendAsync(host, $"POST {path} HTTP/1.1\r\nHost: a\r\nX-Request-Id: post-{i}\r\nContent-Length: {length}\r\n\r\n{body}", waits);
        }

        await Eventually.Becomes(
            () => host.Log.Count(line => line.Contains(" post-", StringComparison.Ordinal) && line.Contains($"POST {path} ", StringComparison.Ordinal)),
            count => count == Attempts, cancellationToken: Cancellation);
        using var last = await host.Client.GetAsync("/hello", Cancellation);
        Assert.True(last.IsSuccessStatusCode);
        Assert.DoesNotContain(host.Log, line => line.Contains("/hello/smuggled", StringComparison.Ordinal) || line.Contains("ET /hello", StringComparison.Ordinal) && !line.Contains(" GET /hello 200", StringComparison.Ordinal));
        Assert.DoesNotContain(host.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private static async Task SendAsync(ServerHost host, string request, bool waits)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port, Cancellation);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Cancellation);
            if (waits)
            {
                _ = await stream.ReadAsync(new byte[4096], Cancellation).AsTask().WaitAsync(Eventually.DefaultDeadline, Cancellation);
            }
        }
        catch (IOException)
        {
            // The server has not waited for all of it.
        }
    }
}
