using System.Diagnostics;
using System.Globalization;
using Wagi.Bench.Servers;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>
/// From <c>kubectl apply</c> returning to the first 200, through a real API server, registry, operator and runtime; a stand-in for
/// the kubelet projects the ConfigMap. A module beside the new ones is under load all the time.
/// </summary>
internal static class ApplyToServed
{
    private const int Rounds = 20;

    public static async Task RunAsync()
    {
        if (WholeSystem.WhyMissing is { } reason)
        {
            throw new CannotMeasureException(reason);
        }

        await using var system = await WholeSystem.StartAsync(CancellationToken.None);
        var space = await system.CreateNamespaceAsync();
        await system.PushAsync(ServedSamples.HelloInC, $"{space}/hello:v1");
        var module = $"module: oci://{system.Registry.Address}/{space}/hello:v1";
        await system.ApplyModuleAsync(space, "steady", "route: /steady", module);
        await system.WaitAsync(space, "steady", "Ready");

        await using var load = await Load.StartAsync(system.Runtime.Client, "/steady");
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"new-{round}");
            await system.ApplyModuleAsync(space, name, $"route: /{name}", module);
            var applied = Stopwatch.GetTimestamp();
            await FirstAnswer.WaitAsync(system.Runtime.Client, $"/{name}");
            times.Add(Stopwatch.GetElapsedTime(applied).TotalMilliseconds);
        }

        Figures.Print("apply_to_served_ms_p50", Figures.Percentile(times, 0.5), "ms");
        Figures.Print("apply_to_served_ms_p95", Figures.Percentile(times, 0.95), "ms");
        Figures.Print("reload_failed_requests", (await load.StopAsync()).Count, "requests");
        Figures.Print("reload_requests", load.Requests, "requests");
    }
}
