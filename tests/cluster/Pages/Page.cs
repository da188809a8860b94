using System.Text.RegularExpressions;
using Wagi.TestCluster.Product;

namespace Wagi.TestCluster.Pages;

/// <summary>A page of the documentation.</summary>
public sealed partial class Page
{
    private readonly List<CodeBlock> _blocks = [];
    private readonly List<(int Line, string Target)> _links = [];
    private readonly List<string> _prose = [];

    private Page(string path)
    {
        Path = path;
        Read(File.ReadAllLines(System.IO.Path.Combine(Checkout.Root, path)));
    }

    /// <summary>Every page: those at the top of the checkout, the README files of the chart and of the test servers, and <c>docs/</c> with what is below it.</summary>
    public static IReadOnlyList<Page> All { get; } =
    [
        .. new[] { "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "charts/wagi-operator/README.md", "tests/cluster/README.md" }
            .Concat(Directory.EnumerateFiles(System.IO.Path.Combine(Checkout.Root, "docs"), "*.md", SearchOption.AllDirectories)
                .Select(path => System.IO.Path.GetRelativePath(Checkout.Root, path)).Order(StringComparer.Ordinal))
            .Select(path => new Page(path)),
    ];

    /// <summary>Its path in the checkout.</summary>
    public string Path { get; }

    /// <summary>The fenced blocks, in order.</summary>
    public IReadOnlyList<CodeBlock> Blocks => _blocks;

    /// <summary>Where it leads to, but for addresses of other sites.</summary>
    public IReadOnlyList<(int Line, string Target)> Links => _links;

    /// <summary>The lines outside of blocks; an empty one in the place of each line that belongs to a block.</summary>
    public IReadOnlyList<string> Prose => _prose;

    /// <summary>The fragments that lead into it.</summary>
    public IEnumerable<string> Anchors => _prose.Where(line => line.StartsWith('#')).Select(line => Anchor(line.TrimStart('#').Trim()));

    /// <summary>The page of this path.</summary>
    public static Page Get(string path) => All.Single(page => page.Path == path);

    /// <summary>The lines of a section, up to the next heading of its level or above.</summary>
    public IEnumerable<string> Section(string heading)
    {
        var level = heading.TakeWhile(character => character == '#').Count();
        return _prose.SkipWhile(line => line != heading).Skip(1)
            .TakeWhile(line => !line.StartsWith('#') || line.TakeWhile(character => character == '#').Count() > level);
    }

    /// <summary>What is written as code in the first cells of the tables in some lines.</summary>
    public static IEnumerable<string> FirstCells(IEnumerable<string> lines) => lines
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .SelectMany(line => Code().Matches(line.Split(" | ")[0]).Select(match => match.Groups[1].Value));

    public override string ToString() => Path;

    private void Read(string[] lines)
    {
        var remark = "";
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
            {
                var indent = line.Length - line.TrimStart().Length;
                var end = Array.FindIndex(lines, i + 1, inner => inner.Trim() == "```");
                if (end < 0) throw new InvalidDataException($"{Path}:{i + 1}: the block has no end");
                var text = string.Concat(lines[(i + 1)..end].Select(inner => inner[Math.Min(indent, inner.Length)..] + "\n"));
                _blocks.Add(new CodeBlock(Path, i + 1, line.Trim()[3..], remark.Trim(), text));
                _prose.AddRange(Enumerable.Repeat("", end - i + 1));
                i = end;
                remark = "";
                continue;
            }

            _prose.Add(line);
            _links.AddRange(Link().Matches(Code().Replace(line, "")).Select(match => (i + 1, match.Groups[1].Value)).Where(link => !IsElsewhere(link.Value)));
            remark = line.Trim().Length > 0 ? line : remark;
        }
    }

    private static bool IsElsewhere(string target) => target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal);

    /// <summary>As GitHub does: lower case, punctuation left out, hyphens for spaces.</summary>
    private static string Anchor(string heading) => string.Concat(LinkText().Replace(heading, "$1").ToLowerInvariant()
        .Where(character => char.IsLetterOrDigit(character) || character is ' ' or '-' or '_')
        .Select(character => character == ' ' ? '-' : character));

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\(<?([^)>\s]+)>?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();
}
