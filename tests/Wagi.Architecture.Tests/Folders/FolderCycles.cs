using System.Text;

namespace Wagi.Architecture.Tests.Folders;

/// <summary>Finds folders that name each other, directly or by way of others.</summary>
internal static class FolderCycles
{
    private const int TypesShown = 5;

    /// <summary>A text for each group of folders in which each leads to each: the folders, and the types that close the cycle.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyCollection<FolderReference> references)
    {
        var named = references.ToLookup(reference => reference.From, reference => reference.To, StringComparer.Ordinal);
        var reachable = named.ToDictionary(folder => folder.Key, folder => ReachableFrom(folder.Key, named), StringComparer.Ordinal);
        return
        [
            .. reachable.Where(folder => folder.Value.Contains(folder.Key))
                .Select(folder => folder.Value.Where(other => reachable.GetValueOrDefault(other, []).Contains(folder.Key)))
                .Select(group => string.Join(" · ", group.Order(StringComparer.Ordinal)))
                .Distinct()
                .Order(StringComparer.Ordinal)
                .Select(group => Describe(group, references)),
        ];
    }

    private static HashSet<string> ReachableFrom(string start, ILookup<string, string> named)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([start]);
        while (open.TryPop(out var folder))
        {
            foreach (var next in named[folder].Where(reached.Add))
            {
                open.Push(next);
            }
        }

        return reached;
    }

    private static string Describe(string group, IEnumerable<FolderReference> references)
    {
        var folders = group.Split(" · ");
        var text = new StringBuilder().Append($"{group} name each other:");
        foreach (var (from, to, types) in references.Where(reference => folders.Contains(reference.From) && folders.Contains(reference.To)))
        {
            var more = types.Count > TypesShown ? $" and {types.Count - TypesShown} more" : "";
            text.AppendLine().Append($"  {from} → {to}: {string.Join(", ", types.Take(TypesShown))}{more}");
        }

        return text.ToString();
    }
}
