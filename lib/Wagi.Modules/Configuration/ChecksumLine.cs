using System.Security.Cryptography;
using System.Text;
using Wagi.Modules.Problems;

namespace Wagi.Modules.Configuration;

/// <summary>
/// The line of a generated <c>modules.toml</c> with the checksum of all its other lines. It tells a file that was changed after it was
/// generated, and so may lack something that nobody meant to remove, from one that says what is wanted. To TOML it is a comment; a file
/// without it is never refused for that.
/// </summary>
/// <remarks>How lines end, and whether the last one does, makes no difference: tools on the way change that.</remarks>
public static class ChecksumLine
{
    private const string Prefix = "# sha256 of all other lines: ";

    /// <summary>Bytes, and characters, that <see cref="AddTo"/> adds.</summary>
    public static int Length { get; } = AddTo("").Length;

    /// <summary>The text with the line as its first.</summary>
    /// <param name="text">A <c>modules.toml</c> that has no such line.</param>
    public static string AddTo(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return $"{Prefix}{ChecksumOf(text)}\n{text}";
    }

    /// <summary>Holds a text against its line, wherever in it that stands by now.</summary>
    /// <param name="text">The text of a <c>modules.toml</c>.</param>
    /// <param name="file">The file's name, for the problem.</param>
    /// <returns>What is wrong; null: nothing is, or there is no such line.</returns>
    internal static Problem? Check(string text, string file)
    {
        var start = ('\n' + text).IndexOf('\n' + Prefix, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        var end = text.IndexOf('\n', start);
        var (line, after) = end < 0 ? (text[start..], "") : (text[start..end], text[(end + 1)..]);
        return line[Prefix.Length..].TrimEnd() == ChecksumOf(text[..start] + after) ? null : new Problem(
            new SourceLocation(file, text.AsSpan(0, start).Count('\n') + 1, 1),
            ProblemSeverity.Error,
            "the file was changed after it was generated",
            "change what it is generated from, or delete this line to have the file taken as it is");
    }

    /// <summary>In hexadecimal digits, as <c>sha256sum</c> prints it.</summary>
    private static string ChecksumOf(string text) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(text.Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n') + '\n')));
}
