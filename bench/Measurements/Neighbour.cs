using System.Diagnostics;
using System.Net;
using Wagi.Bench.Attacks;
using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>
/// How much longer a neighbour's clients wait, at the 99th percentile, while a tenant attacks the runtime that both share. The clients are steady and
/// few, so they do not compete with the attack for the machine more than a neighbour's real clients would. Medians of some rounds: once in a
/// while the machine has something else to do.
/// </summary>
internal static class Neighbour
{
    private const int Clients = 4;
    private const int Rounds = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(3);
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
                Report.Add($"neighbour_p99_ms_under_{attack.Name}", attacked, "ms");
                Figures.Print($"neighbour_p99_ratio_under_{attack.Name}", attacked.Median / calm.Median, "ratio");
                worst = Math.Max(worst, attacked.Median / calm.Median);
            }
        }

        Figures.Print("neighbour_p99_ratio_under_attack", worst, "ratio");
    }

    private static async Task<Series> MeasureAsync(AttackStage stage)
    {
        await AskAsync(stage, Warmup);
        var rounds = new List<double>();
        while (rounds.Count < Rounds)
        {
            rounds.Add(Figures.Percentile(await AskAsync(stage, Round), 0.99));
        }

        return new Series(rounds);
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
