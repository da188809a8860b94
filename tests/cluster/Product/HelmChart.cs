using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Product;

/// <summary>The chart, and <c>helm</c> to install it with.</summary>
public static class HelmChart
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

    /// <summary>Runs one of <see cref="Helms"/>. A failing exit code is a result, not an exception.</summary>
    public static Task<CommandResult> RunAsync(string helm, params IEnumerable<string> arguments) =>
        Command.RunAsync(helm, arguments, Environment, timeout: TimeSpan.FromMinutes(2));

    /// <summary><c>--set</c> for each.</summary>
    public static IEnumerable<string> Set(params IEnumerable<string> values) => values.SelectMany(value => new[] { "--set", value });
}
