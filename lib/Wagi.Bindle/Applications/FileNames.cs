using Wagi.Bindle.Invoices;

namespace Wagi.Bindle.Applications;

/// <summary>The names of the files that a module sees.</summary>
internal static class FileNames
{
    /// <summary>What is wrong with the names of files that share a folder; null when nothing is.</summary>
    public static string? Check(IReadOnlyCollection<Label> files)
    {
        foreach (var file in files)
        {
            if (!IsInside(file.Name))
            {
                return $"file '{file.Name}' would not lie in the module's folder; its label needs a relative name without '..'";
            }
        }

        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            if (!hashes.TryAdd(file.Name, file.Sha256) && hashes[file.Name] != file.Sha256)
            {
                return $"two different files are called '{file.Name}'";
            }
        }

        return hashes.Keys.SelectMany(FoldersOf).FirstOrDefault(hashes.ContainsKey) is { } both
            ? $"'{both}' is a file and the folder of another"
            : null;
    }

    private static bool IsInside(string name) =>
        !name.AsSpan().ContainsAny('\0', '\\') && name.Split('/').All(segment => segment is not ("" or "." or ".."));

    private static IEnumerable<string> FoldersOf(string name)
    {
        for (var slash = name.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = name.IndexOf('/', slash + 1))
        {
            yield return name[..slash];
        }
    }
}
