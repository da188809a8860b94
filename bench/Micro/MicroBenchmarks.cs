using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Micro;

/// <summary>The parts of a request that are ours, by BenchmarkDotNet: the time of each, and what it allocates.</summary>
internal static class MicroBenchmarks
{
    public static Task RunAsync()
    {
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.Default.WithToolchain(InProcessNoEmitToolchain.Instance))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(NullLogger.Instance)
            .WithArtifactsPath(Path.Combine(Checkout.Root, "artifacts", "bench", "micro"));
        foreach (var report in BenchmarkRunner.Run<RequestParts>(config).Reports)
        {
            var name = report.BenchmarkCase.Descriptor.WorkloadMethod.Name;
            if (report.ResultStatistics is not { } times)
            {
                throw new InvalidOperationException($"{name} came to no result; see artifacts/bench/micro");
            }

            Figures.Print($"micro_{Snake(name)}_ns", times.Median, "ns");
            Figures.Print($"micro_{Snake(name)}_bytes", report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0, "bytes");
        }

        return Task.CompletedTask;
    }

    // RouteLookup: route_lookup.
    private static string Snake(string name) =>
        string.Concat(name.Select((letter, i) => char.IsUpper(letter) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
