using System.Net;
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
}
