namespace Wagi.Runtime.Inspection;

/// <summary>Columns for a terminal, as wide as their widest cell.</summary>
internal static class TextTable
{
    private const string Gap = "  ";

    /// <summary>The table, without a line feed at its end; the last column is not padded.</summary>
    public static string Format(IReadOnlyList<string> head, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        IReadOnlyList<string>[] lines = [head, .. rows];
        var widths = head.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
        return string.Join('\n', lines.Select(line =>
            string.Join(Gap, line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()));
    }
}
