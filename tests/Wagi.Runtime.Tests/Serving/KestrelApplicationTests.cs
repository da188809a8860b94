using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Tests.Serving;

public sealed class KestrelApplicationTests
{
    /// <summary><c>--shutdown-timeout 5m</c>: the framework's own limit is 30 s.</summary>
    [Fact]
    public async Task StoppingTakesAsLongAsTheCallerAllows()
    {
        await using var application = KestrelApplication
            .CreateBuilder(new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance).Build();
        Assert.Equal(Timeout.InfiniteTimeSpan, application.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
    }

    /// <summary>Kestrel's own blocks have 4 KiB, and it asks the kernel for each.</summary>
    [Fact]
    public async Task LargeBody_IsReceived_InLargeBlocks()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var largest = 0;
        await using var application = KestrelApplication
            .CreateBuilder(new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance).Build();
        application.Run(async context =>
        {
            for (var isWhole = false; !isWhole;)
            {
                var read = await context.Request.BodyReader.ReadAsync(cancellation);
                foreach (var block in read.Buffer)
                {
                    largest = Math.Max(largest, block.Length);
                }

                isWhole = read.IsCompleted;
                context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            }
        });
        await application.StartAsync(cancellation);
        using var client = new HttpClient();

        using var response = await client.PostAsync(KestrelApplication.AddressOf(application), new ByteArrayContent(new byte[10 << 20]), cancellation);

        Assert.InRange(largest, (16 << 10) + 1, 64 << 10);
    }
}
