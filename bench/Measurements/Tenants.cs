using Wagi.Bench.Servers;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>What the clients of one module cost the others in the same runtime.</summary>
internal static class Tenants
{
    private const int Clients = 60;
    private const int Part = 31 << 20;

    public static async Task RunAsync()
    {
        // So much disk that nobody is refused.
        await using var served = await ServedSamples.StartAsync(["echo-c"], "--body-disk", "16Gi");
        using var slow = await SlowBodies.SendAsync(new Uri(served.Url("echo-c")), Clients, Part, CancellationToken.None);
        if (slow.Refused > 0)
        {
            throw new InvalidOperationException($"{slow.Refused} bodies were refused");
        }

        Figures.Print("rss_mb_under_slow_bodies", served.Runtime.PeakMemory / 1e6, "MB");
    }
}
