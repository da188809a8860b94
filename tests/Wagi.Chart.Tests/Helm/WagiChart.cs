using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Chart.Tests.Helm;

/// <summary>The chart, as <c>helm</c> sees it.</summary>
internal static class WagiChart
{
    /// <summary>The newest major version, and the one before: <c>tests/cluster/install</c> fetches both.</summary>
    public static readonly string[] Helms = ["helm", "helm3"];

    /// <summary>The folder of the chart.</summary>
    public static string Folder { get; } = Path.Combine(Checkout.Root, "charts", "wagi-operator");

    /// <summary>Helm's own files, which must not be a developer's.</summary>
    private static readonly Dictionary<string, string?> Environment = new()
    {
        ["HELM_CACHE_HOME"] = Path.Combine(Path.GetTempPath(), "wagi-helm", "cache"),
        ["HELM_CONFIG_HOME"] = Path.Combine(Path.GetTempPath(), "wagi-helm", "config"),
        ["HELM_DATA_HOME"] = Path.Combine(Path.GetTempPath(), "wagi-helm", "data"),
    };

    /// <summary>Runs one of <see cref="Helms"/>; skips the test where it is missing.</summary>
    public static Task<CommandResult> RunAsync(string helm, params IEnumerable<string> arguments)
    {
        SkipWithout(helm);
        return Command.RunAsync(helm, arguments, Environment, timeout: TimeSpan.FromMinutes(2));
    }

    /// <summary>Renders the chart as release <c>wagi</c> in <c>wagi-system</c>; the result may be a refusal.</summary>
    /// <param name="values">Arguments of <c>--set</c>.</param>
    public static Task<CommandResult> RenderAsync(params IEnumerable<string> values) => RenderWithAsync(Helms[0], values);

    /// <summary>The same with one of <see cref="Helms"/>.</summary>
    public static Task<CommandResult> RenderWithAsync(string helm, params IEnumerable<string> values) =>
        RunAsync(helm, ["template", "wagi", Folder, "--namespace", "wagi-system", .. Set(values)]);

    /// <summary>The objects that the chart makes.</summary>
    /// <param name="values">Arguments of <c>--set</c>.</param>
    public static async Task<Manifests> ManifestsAsync(params IEnumerable<string> values) =>
        Manifests.Parse((await RenderAsync(values)).EnsureSuccess().Stdout);

    /// <summary><c>--set</c> for each.</summary>
    public static IEnumerable<string> Set(IEnumerable<string> values) => values.SelectMany(value => new[] { "--set", value });

    /// <summary>Skips the test where a program is missing.</summary>
    public static void SkipWithout(params string[] programs) =>
        Assert.SkipWhen(TestTools.WhyMissing(programs) is not null, TestTools.WhyMissing(programs) ?? "");
}
