using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace Wagi.Runtime.Development;

/// <summary>The <c>.gitignore</c> in a project's folder (gitignore(5)): what it names is made, not written.</summary>
internal sealed class IgnoredFiles
{
    private readonly ImmutableArray<(Regex Path, bool IsFolder, bool IsIgnored)> _patterns;

    private IgnoredFiles(IEnumerable<string> lines) => _patterns =
    [
        .. lines.Select(line => line.TrimEnd()).Where(line => line.Length > 0 && line[0] != '#').Select(Read),
    ];

    /// <summary>That of a folder; one that cannot be read names nothing.</summary>
    public static IgnoredFiles Of(string folder)
    {
        try
        {
            return new IgnoredFiles(File.ReadLines(Path.Combine(folder, ".gitignore")));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new IgnoredFiles([]);
        }
    }

    /// <summary>Whether a path is named; the last pattern that fits decides. What is in a folder that is named is not asked for.</summary>
    /// <param name="path">Relative to the folder.</param>
    /// <param name="isFolder">Whether it is a folder.</param>
    public bool Contains(string path, bool isFolder)
    {
        for (var i = _patterns.Length - 1; i >= 0; i--)
        {
            var pattern = _patterns[i];
            if ((isFolder || !pattern.IsFolder) && pattern.Path.IsMatch(path))
            {
                return pattern.IsIgnored;
            }
        }

        return false;
    }

    private static (Regex Path, bool IsFolder, bool IsIgnored) Read(string line)
    {
        var isIgnored = line[0] != '!';
        var pattern = isIgnored ? line : line[1..];
        var isFolder = pattern.EndsWith('/');
        pattern = pattern.TrimEnd('/');

        // A pattern with a slash in it starts at the folder, another one anywhere below.
        var expression = new StringBuilder(pattern.Contains('/', StringComparison.Ordinal) ? @"\A" : @"(\A|/)");
        pattern = pattern.TrimStart('/');
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern.AsSpan(i).StartsWith("**/"))
            {
                expression.Append("(.*/)?");
                i += 2;
            }
            else if (pattern.AsSpan(i).StartsWith("**"))
            {
                expression.Append(".*");
                i++;
            }
            else
            {
                expression.Append(pattern[i] switch
                {
                    '*' => "[^/]*",
                    '?' => "[^/]",
                    '\\' when i + 1 < pattern.Length => Regex.Escape(pattern[++i].ToString()),
                    var character => Regex.Escape(character.ToString()),
                });
            }
        }

        return (new Regex(expression.Append(@"\z").ToString(), RegexOptions.CultureInvariant), isFolder, isIgnored);
    }
}
