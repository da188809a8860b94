using System.Net;
using System.Net.Sockets;
using Wagi.Bench.Clients;

namespace Wagi.Bench.Tests.Clients;

public sealed class ConstantRateTests
{
    [Fact]
    public async Task RequestsThatHadToWaitForAnother_CountAsWaiting()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = AnswerAsync(listener, stalledRequest: 10, TimeSpan.FromMilliseconds(400));

        var latencies = await ConstantRate.RunAsync(new Uri($"http://{listener.LocalEndpoint}/"), connections: 1, requestsPerSecond: 100, TimeSpan.FromSeconds(1));

        Assert.Equal(100, latencies.TotalCount);
        // One request stalls for 400 ms. Those that were to be sent in the first 300 ms of it waited for 100 ms and more.
        Assert.InRange(latencies.GetValueAtPercentile(71), 100_000_000, long.MaxValue);
        await server;
    }

    /// <summary>Answers the requests of one connection with an empty body, one of them late.</summary>
    private static async Task AnswerAsync(TcpListener listener, int stalledRequest, TimeSpan stall)
    {
        using var connection = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        var request = new byte[4096];
        for (var i = 0; await connection.ReceiveAsync(request, TestContext.Current.CancellationToken) > 0; i++)
        {
            if (i == stalledRequest)
            {
                await Task.Delay(stall, TestContext.Current.CancellationToken);
            }

            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
        }
    }
}
