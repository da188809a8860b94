using System.Text.RegularExpressions;
using Wagi.Chart.Tests.Helm;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Chart.Tests.Alerts;

public sealed partial class AlertTests
{
    private static readonly string Rules = Path.Combine(WagiChart.Folder, "files", "alerts.yaml");
    private static readonly string Scenarios = Path.Combine(Checkout.Root, "tests", "Wagi.Chart.Tests", "Alerts", "scenarios.yaml");

    [Fact]
    public async Task EveryAlert_FiresInItsScenario_AndInNoOther()
    {
        WagiChart.SkipWithout("promtool");

        var result = await Command.RunAsync("promtool", ["test", "rules", Scenarios]);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Fact]
    public async Task EveryAlert_HasAScenario_AndAnEntryInTheDocumentation()
    {
        var alerts = AlertName().Matches(await ReadAsync(Rules)).Select(match => match.Groups[1].Value).ToList();
        var scenarios = await ReadAsync(Scenarios);
        var documentation = await ReadAsync(Path.Combine(Checkout.Root, "docs", "operations.md"));

        Assert.True(alerts.Count >= 10);
        Assert.All(alerts, alert =>
        {
            Assert.Contains($"alertname: {alert}\n", scenarios, StringComparison.Ordinal);
            Assert.Contains($"`{alert}`", documentation, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Alerts_ArriveInThePrometheusRuleUnchanged()
    {
        var manifests = await WagiChart.ManifestsAsync("metrics.prometheusRule.enabled=true", "metrics.prometheusRule.labels.release=prometheus");

        var rule = manifests.Get("PrometheusRule", "wagi");
        Assert.Equal("prometheus", (string?)rule["metadata"]!["labels"]!["release"]);
        Assert.Equal(
            Manifests.Parse(await ReadAsync(Rules)).Single()["groups"]!.ToJsonString(),
            rule["spec"]!["groups"]!.ToJsonString());
    }

    private static Task<string> ReadAsync(string path) => File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);

    [GeneratedRegex(@"alert: (\w+)")]
    private static partial Regex AlertName();
}
