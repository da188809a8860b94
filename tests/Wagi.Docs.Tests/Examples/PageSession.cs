using System.Text.RegularExpressions;
using Wagi.Docs.Tests.Pages;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Examples;

/// <summary>
/// Somebody who reads a page and types what it says, in a folder that looks like the checkout and is not: what is written there is gone
/// afterwards. <c>wagi</c> and <c>wagi-operator</c> are those that were built with the tests.
/// </summary>
internal sealed partial class PageSession : IDisposable
{
    private static readonly string[] Tools = ["helm", "kubectl", "promtool", "jq"];

    private readonly TempDirectory _folder = new("page");
    private readonly Dictionary<string, string?> _environment;

    public PageSession()
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(Checkout.Root))
        {
            if (Path.GetFileName(entry) is not ("artifacts" or ".git"))
            {
                File.CreateSymbolicLink(_folder.PathOf(Path.GetFileName(entry)), entry);
            }
        }

        var folders = Tools.Select(TestTools.Find).OfType<string>().Select(path => Path.GetDirectoryName(path)!);
        _environment = new()
        {
            ["PATH"] = string.Join(':', [AppContext.BaseDirectory, .. folders, Environment.GetEnvironmentVariable("PATH")]),
            ["WAGI_CACHE"] = TestTools.CacheDirectory,
            ["XDG_CACHE_HOME"] = _folder.PathOf(".cache"),
            ["HELM_CACHE_HOME"] = _folder.PathOf(".helm/cache"),
            ["HELM_CONFIG_HOME"] = _folder.PathOf(".helm/config"),
            ["HELM_DATA_HOME"] = _folder.PathOf(".helm/data"),
            // No cluster of the person who runs the tests.
            ["KUBECONFIG"] = "/dev/null",
        };
    }

    /// <summary>Why a block cannot be run on this machine; null when it can.</summary>
    public static string? WhyMissing(CodeBlock block) =>
        TestTools.WhyMissing([.. Tools.Where(tool => Regex.IsMatch(block.Text, $@"(^|[\s|(]){tool} ", RegexOptions.Multiline))]);

    /// <summary>Puts a file in the folder.</summary>
    public void Write(string name, string text) => _folder.Write(name, text);

    /// <summary>Runs the commands of a block. A <c>console</c> block shows for each what it prints.</summary>
    public async Task RunAsync(CodeBlock block)
    {
        if (block.Language == "sh")
        {
            var result = await BashAsync(block.Text);
            Assert.True(result.ExitCode == 0, $"{block}: {result}");
            return;
        }

        foreach (var (command, output) in Transcript(block))
        {
            // As on a terminal: both streams, and a failing command is an answer too.
            var result = await BashAsync($"{{\n{command}\n}} 2>&1");
            Assert.True(Shows(output).IsMatch(result.Stdout), $"{block}: $ {command}\nprints\n{result.Stdout}and the page shows\n{output}");
        }
    }

    public void Dispose() => _folder.Dispose();

    private Task<CommandResult> BashAsync(string script) => Command.RunAsync(
        "bash", ["-c", "cd \"$0\" && set -euo pipefail\n" + script, _folder.FullPath], _environment, timeout: TimeSpan.FromMinutes(2),
        cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Commands begin with <c>$ </c>; lines that continue one with <c>> </c>.</summary>
    private static IEnumerable<(string Command, string Output)> Transcript(CodeBlock block)
    {
        Assert.StartsWith("$ ", block.Text, StringComparison.Ordinal);
        foreach (var part in Prompt().Split(block.Text).Skip(1))
        {
            var lines = part.Split('\n');
            var more = lines.Skip(1).TakeWhile(line => line.StartsWith("> ", StringComparison.Ordinal)).ToList();
            var output = string.Join('\n', lines.Skip(1 + more.Count)).TrimEnd('\n');
            yield return (string.Join('\n', [lines[0], .. more.Select(line => line[2..])]), output.Length == 0 ? "" : output + "\n");
        }
    }

    /// <summary><c>…</c> stands for anything in a line; alone in a line, for any lines. Blanks that only align columns may differ in number.</summary>
    private static Regex Shows(string output)
    {
        var lines = (output.Length == 0 ? [] : output[..^1].Split('\n')).Select(line => line.Trim() == "…"
            ? @"([^\n]*\n)*"
            : Blanks().Replace(Regex.Escape(line).Replace("…", "[^\\n]*", StringComparison.Ordinal), "[ ]+") + @"[ ]*\n");
        return new Regex($@"\A{string.Concat(lines)}\n*\z");
    }

    [GeneratedRegex(@"^\$ ", RegexOptions.Multiline)]
    private static partial Regex Prompt();

    [GeneratedRegex(@"(\\ )+")]
    private static partial Regex Blanks();
}
