using System.Text.RegularExpressions;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Product;

/// <summary>
/// Somebody who types commands, in a folder of their own that is gone afterwards, with programs of ours on the <c>PATH</c>, the cluster that a
/// test gives them, and none of the files of whoever runs the tests.
/// </summary>
public sealed class UserShell : IDisposable
{
    private static readonly string[] Tools = ["helm", "kubectl", "promtool", "jq"];

    private readonly TempDirectory _folder = new("shell");

    /// <param name="kubeconfig">The cluster; <c>/dev/null</c>: none.</param>
    /// <param name="programs">Folders that come first on the <c>PATH</c>.</param>
    public UserShell(string kubeconfig, params IEnumerable<string> programs)
    {
        var folders = Tools.Select(TestTools.Find).OfType<string>().Select(path => Path.GetDirectoryName(path)!);
        Environment = new()
        {
            ["PATH"] = string.Join(Path.PathSeparator, [.. programs, .. folders, System.Environment.GetEnvironmentVariable("PATH")]),
            // Of kubectl, too, which keeps what a server offers by host and port: another control plane may have had this port before.
            ["HOME"] = _folder.FullPath,
            ["WAGI_CACHE"] = TestTools.CacheDirectory,
            ["XDG_CACHE_HOME"] = _folder.PathOf(".cache"),
            ["HELM_CACHE_HOME"] = _folder.PathOf(".helm/cache"),
            ["HELM_CONFIG_HOME"] = _folder.PathOf(".helm/config"),
            ["HELM_DATA_HOME"] = _folder.PathOf(".helm/data"),
            ["KUBECONFIG"] = kubeconfig,

            // Nobody types below a make: it would say which folder it enters.
            ["MAKELEVEL"] = null,
            ["MAKEFLAGS"] = null,
            ["MFLAGS"] = null,
        };
    }

    /// <summary>Its variables, beside those of this process.</summary>
    public Dictionary<string, string?> Environment { get; }

    /// <summary>Why a text of commands cannot be typed on this machine; null when it can.</summary>
    public static string? WhyMissing(string commands) => TestTools.WhyMissing(
        [.. Tools.Where(tool => Regex.IsMatch(commands, $@"(^|[\s|(]){tool} ", RegexOptions.Multiline))]);

    /// <summary>The absolute path of a file in the folder.</summary>
    public string PathOf(string name) => _folder.PathOf(name);

    /// <summary>Puts a file in the folder.</summary>
    public void Write(string name, string text) => _folder.Write(name, text);

    /// <summary>Makes the folder look like the checkout, but for what it leaves out.</summary>
    public void LinkCheckout(params string[] without)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(Checkout.Root).Where(entry => !without.Contains(Path.GetFileName(entry))))
        {
            File.CreateSymbolicLink(_folder.PathOf(Path.GetFileName(entry)), entry);
        }
    }

    /// <summary>Types commands; the first that fails ends them. A failing exit code is a result, not an exception.</summary>
    public Task<CommandResult> TypeAsync(string commands, CancellationToken cancellation, TimeSpan? timeout = null) => Command.RunAsync(
        "bash", ["-c", "cd \"$0\" && set -euo pipefail\n" + commands, _folder.FullPath], Environment, timeout: timeout ?? TimeSpan.FromMinutes(2),
        cancellationToken: cancellation);

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
