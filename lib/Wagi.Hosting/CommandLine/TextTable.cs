namespace Wagi.Hosting.CommandLine;

/// <summary>A table for people and for <c>awk</c>.</summary>
public static class TextTable
{
    /// <summary>Columns as wide as their widest cell; the last one is not padded, and the last line not ended.</summary>
    /// <param name="lines">The cells, those of the heading first; as many in each line.</param>
    public static string Write(IReadOnlyList<string[]> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var widths = lines[0].Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        return string.Join('\n', lines.Select(line => string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
    }
}
