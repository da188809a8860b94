using System.Globalization;

namespace Wagi.TestCluster.Pages;

/// <summary>A fenced block of a page.</summary>
/// <param name="Page">The page's path in the checkout.</param>
/// <param name="Line">Line of the opening fence, from 1.</param>
/// <param name="Language">What stands behind the fence; empty: nothing.</param>
/// <param name="Remark">The line before the fence, empty ones passed over.</param>
/// <param name="Text">What stands between the fences.</param>
public sealed record CodeBlock(string Page, int Line, string Language, string Remark, string Text)
{
    private const string TestedBy = "<!-- tested by: ";

    /// <summary>Whether somebody is meant to type it.</summary>
    public bool IsShell => Language is "sh" or "console";

    /// <summary>The test runs it: <c>&lt;!-- runs --&gt;</c>.</summary>
    public bool Runs => Remark == "<!-- runs -->";

    /// <summary>What it needs that no test has, said to the reader: <c>*Needs a cluster.*</c></summary>
    public bool NeedsMore => Remark.StartsWith("*Needs ", StringComparison.Ordinal) && Remark.EndsWith(".*", StringComparison.Ordinal);

    /// <summary>The tests (<c>Class.Method</c>) and scripts that do the same: <c>&lt;!-- tested by: A.B, samples/build --&gt;</c>.</summary>
    public string[] Tests => Remark.StartsWith(TestedBy, StringComparison.Ordinal)
        ? Remark[TestedBy.Length..^" -->".Length].Split(", ")
        : [];

    /// <summary>The file that the commands of the page find under this name: <c>&lt;!-- file: modules.toml --&gt;</c>; else null.</summary>
    public string? File => Remark.StartsWith("<!-- file: ", StringComparison.Ordinal) ? Remark["<!-- file: ".Length..^" -->".Length] : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Page}:{Line}");
}
