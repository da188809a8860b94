using System.Text.RegularExpressions;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Examples;

/// <summary>
/// Somebody who reads a page and types what it says, in a folder that looks like the checkout and is not: what is written there is gone
/// afterwards. <c>wagi</c> and <c>wagi-operator</c> are those that were built with the tests.
/// </summary>
internal sealed partial class PageSession : IDisposable
{
    private readonly UserShell _shell = new("/dev/null", AppContext.BaseDirectory);

    public PageSession() => _shell.LinkCheckout(without: ["artifacts", ".git"]);

    /// <summary>Why a block cannot be run on this machine; null when it can.</summary>
    public static string? WhyMissing(CodeBlock block) => UserShell.WhyMissing(block.Text);

    /// <summary>Puts a file in the folder.</summary>
    public void Write(string name, string text) => _shell.Write(name, text);

    /// <summary>Runs the commands of a block. A <c>console</c> block shows for each what it prints.</summary>
    public async Task RunAsync(CodeBlock block)
    {
        if (block.Language == "sh")
        {
            var result = await _shell.TypeAsync(block.Text, TestContext.Current.CancellationToken);
            Assert.True(result.ExitCode == 0, $"{block}: {result}");
            return;
        }

        foreach (var (command, output) in Transcript(block))
        {
            // As on a terminal: both streams, and a failing command is an answer too.
            var result = await _shell.TypeAsync($"{{\n{command}\n}} 2>&1", TestContext.Current.CancellationToken);
            Assert.True(Shows(output).IsMatch(result.Stdout), $"{block}: $ {command}\nprints\n{result.Stdout}and the page shows\n{output}");
        }
    }

    public void Dispose() => _shell.Dispose();

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
