using System.Diagnostics;
using System.Net;
using Wagi.Bench.Attacks;
using Wagi.Bench.Clients;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>
/// How much longer a neighbour's clients wait, at the 99th percentile, while a tenant attacks the runtime that both share. The clients are steady and
/// few, so they do not compete with the attack for the machine more than a neighbour's real clients would.
/// </summary>
internal static class Neighbour
{
    private const int Clients = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(2);

    public static async Task RunAsync()
    {
        Wrk.Require();
        var worst = 0.0;
        foreach (var attack in Attack.All)
        {
            await using var stage = await AttackStage.StartAsync();
            var calm = await MeasureAsync(stage);
            await using (await attack.StartAsync(stage))
            {
                var attacked = await MeasureAsync(stage);
                Figures.Print($"neighbour_p99_ms_under_{attack.Name}", attacked, "ms");
                Figures.Print($"neighbour_p99_ratio_under_{attack.Name}", attacked / calm, "ratio");
                worst = Math.Max(worst, attacked / calm);
            }
        }

        Figures.Print("neighbour_p99_ratio_under_attack", worst, "ratio");
    }

    private static async Task<double> MeasureAsync(AttackStage stage)
    {
        await AskAsync(stage, Warmup);
        return Figures.Percentile(await AskAsync(stage, Duration), 0.99);
    }

    private static async Task<List<double>> AskAsync(AttackStage stage, TimeSpan duration)
    {
        var began = Stopwatch.GetTimestamp();
        var times = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Factory.StartNew(
            () => Ask(stage, began, duration), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        return [.. times.SelectMany(time => time)];
    }

    /// <summary>On a thread of its own: what this program's thread pool does meanwhile is no part of the figure.</summary>
    private static List<double> Ask(AttackStage stage, long began, TimeSpan duration)
    {
        using var client = new PlainClient(stage.Runtime.Client.BaseAddress!, AttackStage.NeighbourPath);
        var times = new List<double>();
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            var asked = Stopwatch.GetTimestamp();
            if (client.Get() is var status and not HttpStatusCode.OK)
            {
                throw new InvalidOperationException($"the neighbour was answered with {(int)status}");
            }

            times.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            Thread.Sleep(Pause);
        }

        return times;
    }
}
