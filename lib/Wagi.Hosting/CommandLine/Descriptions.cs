namespace Wagi.Hosting.CommandLine;

/// <summary>The descriptions of commands and options, where there is room for a line.</summary>
internal static class Descriptions
{
    /// <summary>The first sentence without its full stop, in one line.</summary>
    public static string FirstSentence(string description)
    {
        var text = description.ReplaceLineEndings("\n");
        string[] ends = [". ", ".\n", "\n\n"];
        var end = ends.Select(mark => text.IndexOf(mark, StringComparison.Ordinal)).Where(index => index >= 0).DefaultIfEmpty(text.Length).Min();
        return text[..end].Replace('\n', ' ').TrimEnd('.');
    }
}
