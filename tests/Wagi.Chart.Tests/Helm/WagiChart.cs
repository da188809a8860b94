using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Chart.Tests.Helm;

/// <summary>The chart, as <c>helm</c> sees it.</summary>
internal static class WagiChart
{
    /// <inheritdoc cref="HelmChart.Helms"/>
    public static readonly string[] Helms = HelmChart.Helms;

    /// <inheritdoc cref="HelmChart.Folder"/>
    public static string Folder => HelmChart.Folder;

    /// <summary>Runs one of <see cref="Helms"/>; skips the test where it is missing.</summary>
    public static Task<CommandResult> RunAsync(string helm, params IEnumerable<string> arguments)
    {
        SkipWithout(helm);
        return HelmChart.RunAsync(helm, arguments);
    }

    /// <summary>Renders the chart as release <c>wagi</c> in <c>wagi-system</c>; the result may be a refusal.</summary>
    /// <param name="values">Arguments of <c>--set</c>.</param>
    public static Task<CommandResult> RenderAsync(params IEnumerable<string> values) => RenderWithAsync(Helms[0], values);

    /// <summary>The same with one of <see cref="Helms"/>.</summary>
    public static Task<CommandResult> RenderWithAsync(string helm, params IEnumerable<string> values) =>
        RunAsync(helm, ["template", "wagi", Folder, "--namespace", "wagi-system", .. HelmChart.Set(values)]);

    /// <summary>The objects that the chart makes.</summary>
    /// <param name="values">Arguments of <c>--set</c>.</param>
    public static async Task<Manifests> ManifestsAsync(params IEnumerable<string> values) =>
        Manifests.Parse((await RenderAsync(values)).EnsureSuccess().Stdout);

    /// <summary>Skips the test where a program is missing.</summary>
    public static void SkipWithout(params string[] programs) =>
        Assert.SkipWhen(TestTools.WhyMissing(programs) is not null, TestTools.WhyMissing(programs) ?? "");
}
