namespace Wagi.Runtime.Cluster;

/// <summary>What may be printed of what others have written.</summary>
internal static class Terminal
{
    /// <summary>The text in one line and without control characters, which a terminal might obey.</summary>
    public static string OneLine(string text) =>
        string.Concat(text.ReplaceLineEndings(" ").Select(character => char.IsControl(character) ? '?' : character));
}
