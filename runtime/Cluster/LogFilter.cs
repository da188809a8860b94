namespace Wagi.Runtime.Cluster;

/// <summary>Which lines of a runtime's log are about a module: those that name its id, as text or in JSON.</summary>
internal static class LogFilter
{
    /// <summary>Whether a line is about the module with this id.</summary>
    public static bool Concerns(string line, string id)
    {
        for (var at = line.IndexOf(id, StringComparison.Ordinal); at >= 0; at = line.IndexOf(id, at + 1, StringComparison.Ordinal))
        {
            var end = at + id.Length;
            if ((at == 0 || !IsPartOfAName(line[at - 1])) && (end == line.Length || !GoesOn(line, end)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A dot after the id ends a sentence unless a name goes on behind it.</summary>
    private static bool GoesOn(string line, int end) =>
        line[end] == '.' ? end + 1 < line.Length && char.IsAsciiLetterOrDigit(line[end + 1]) : IsPartOfAName(line[end]);

    private static bool IsPartOfAName(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '.' or '/';
}
