using System.Diagnostics;
using Wagi.Bench.Operators;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Measurements;

/// <summary>
/// What the operator writes to the API server, as its own metrics count it: when a runtime pod comes, and when a module changes. And how long it takes
/// until another instance leads after the leader's process was killed.
/// </summary>
internal static class OperatorWrites
{
    private const int Modules = 20;
    private const int Changes = 5;

    /// <summary>So long after the last event nothing more is to be expected: longer than the operator lets pass between two questions to a runtime.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(4);

    public static async Task RunAsync()
    {
        if (WholeSystem.WhyMissing is { } reason)
        {
            throw new CannotMeasureException(reason);
        }

        await using var cluster = await OperatorStage.StartAsync();
        await cluster.AddRuntimeAsync();
        var leader = cluster.StartOperator();
        for (var i = 0; i < Modules; i++)
        {
            await cluster.ApplyAsync(i, version: 0);
        }

        await cluster.ReadyAsync(Modules);
        await Task.Delay(Settling);

        var before = await leader.WritesAsync();
        await cluster.AddRuntimeAsync();
        await Eventually.Becomes(async _ => await leader.MetricAsync("wagi_operator_runtimes_answering"), answering => answering == 2);
        await Task.Delay(Settling);
        var after = await leader.WritesAsync();
        Figures.Print("status_writes_per_new_pod", after.Statuses - before.Statuses, "writes");

        before = after;
        for (var version = 1; version <= Changes; version++)
        {
            await cluster.ApplyAsync(0, version);
            await cluster.ReadyAsync(Modules);
            await Task.Delay(Settling);
        }

        after = await leader.WritesAsync();
        Figures.Print("api_writes_per_change", (double)(after.Statuses + after.Generated - before.Statuses - before.Generated) / Changes, "writes");
        Figures.Print("api_pod_marks_per_change", (double)(after.Pods - before.Pods) / Changes, "writes");

        var standby = cluster.StartOperator();
        await Eventually.Becomes(async _ => await standby.MetricAsync("wagi_operator_leader"), leads => leads == 0);
        var killed = Stopwatch.GetTimestamp();
        await leader.KillAsync();
        await Eventually.Becomes(async _ => await standby.MetricAsync("wagi_operator_leader"), leads => leads == 1);
        Figures.Print("leader_takeover_s", Stopwatch.GetElapsedTime(killed).TotalSeconds, "s");
    }
}
