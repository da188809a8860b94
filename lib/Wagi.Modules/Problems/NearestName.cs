namespace Wagi.Modules.Problems;

/// <summary>Finds the name that a misspelling probably stands for.</summary>
public static class NearestName
{
    private const int MaxDistance = 2;

    /// <summary>
    /// The name with the fewest letters to change, add or remove, without regard to case: at most two, and fewer than it has. Null when none is
    /// that near.
    /// </summary>
    public static string? Of(string text, IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (nearest, distance) = names
            .Where(name => Math.Abs(name.Length - text.Length) <= MaxDistance)
            .Select(name => (Name: name, Distance: Distance(text.ToUpperInvariant(), name.ToUpperInvariant())))
            .Where(candidate => candidate.Distance < candidate.Name.Length - 1)
            .OrderBy(candidate => candidate.Distance)
            .FirstOrDefault((Name: "", Distance: int.MaxValue));
        return distance <= MaxDistance ? nearest : null;
    }

    /// <summary>The Levenshtein distance.</summary>
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var replaced = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
