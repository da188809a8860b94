using Wagi.Bench.Attacks;
using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.TestCluster;

namespace Wagi.Bench.Measurements;

/// <summary>How much longer a neighbour's clients wait, at the 99th percentile, while a tenant attacks the runtime that both share.</summary>
internal static class Neighbour
{
    public static async Task RunAsync()
    {
        Wrk.Require();
        var worst = 0.0;
        foreach (var attack in Attack.All)
        {
            await using var stage = await AttackStage.StartAsync();
            var clients = new SteadyClients(stage.Runtime.Client.BaseAddress!, AttackStage.NeighbourPath);
            var calm = await clients.MeasureAsync();
            await using (await attack.StartAsync(stage))
            {
                var attacked = await clients.MeasureAsync();
                var ratio = attacked.Median / calm.Median;
                Report.Add($"neighbour_p99_ms_under_{attack.Name}", attacked, "ms");
                Figures.Print($"neighbour_p99_ratio_under_{attack.Name}", ratio, "ratio");
                worst = Math.Max(worst, ratio);
            }
        }

        Figures.Print("neighbour_p99_ratio_under_attack", worst, "ratio");
    }
}
