using Wagi.Operator.Tests.Cluster;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Instance;

public sealed class MetricsTests(ClusterFixture cluster)
{
    [Fact]
    public async Task Metrics_AreThere_InThePrometheusFormat()
    {
        await using var test = await TestOperator.StartAsync(cluster);
        await test.ApplyModuleAsync("hello", """{ route: /hello, module: "registry.invalid/hello:v1" }""");
        await test.ConditionBecomesAsync("hello", "Resolved", "False/");

        string[] expected =
        [
            "wagi_operator_reconciles_total", "wagi_operator_reports_total", "wagi_operator_reconcile_duration_seconds_bucket", "wagi_operator_tag_resolves_total",
            "wagi_operator_writes_total", "wagi_operator_modules", "wagi_operator_runtimes", "wagi_operator_runtimes_answering",
            "wagi_operator_queue_depth", "wagi_operator_leader",
        ];
        await Eventually.Becomes(
            token => test.HttpAsync("/metrics", token),
            metrics => expected.All(name => metrics.Split('\n').Any(line => line.StartsWith(name, StringComparison.Ordinal))));
        Assert.Equal("ok\n", await test.HttpAsync("/healthz/live"));
    }
}
