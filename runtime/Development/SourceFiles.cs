using System.Diagnostics;
using System.IO.Enumeration;

namespace Wagi.Runtime.Development;

/// <summary>
/// The sources of a project, found by looking: events of the file system do not come for every file system, and there is a limit to how many folders
/// may wait for them.
/// </summary>
/// <param name="root">Absolute path of the project's folder.</param>
/// <param name="project">What is watched.</param>
internal sealed class SourceFiles(string root, DevProject project)
{
    /// <summary>Folders that package managers and compilers fill.</summary>
    private static readonly string[] FilledFolders = ["node_modules", "target", "zig-cache", "zig-out", "__pycache__"];

    /// <summary>What compilers write beside the sources, and editors.</summary>
    private static readonly string[] WrittenFiles = ["*.wasm", "*.cwasm", "*.o", "*.a", "*~", "#*#", "4913"];

    /// <summary>Where this program's own output goes: a line about a build would be a reason for another.</summary>
    private static readonly HashSet<string> OwnOutput =
        new(new[] { "/proc/self/fd/1", "/proc/self/fd/2" }.Select(descriptor => new FileInfo(descriptor).LinkTarget).OfType<string>(), StringComparer.Ordinal);

    private readonly IgnoredFiles _ignored = IgnoredFiles.Of(root);

    /// <summary>The files as they are now.</summary>
    public SourceState Look()
    {
        var start = Stopwatch.GetTimestamp();
        var files = new Dictionary<string, (DateTimeOffset WrittenAt, long Length)>(StringComparer.Ordinal);
        foreach (var path in project.Watched)
        {
            if (Directory.Exists(path))
            {
                foreach (var (file, stamp) in Below(path))
                {
                    files[file] = stamp;
                }
            }
            else if (new FileInfo(path) is { Exists: true } single)
            {
                files[path] = (single.LastWriteTimeUtc, single.Length);
            }
        }

        return new SourceState(files, Stopwatch.GetElapsedTime(start));
    }

    private bool IsSource(ref FileSystemEntry entry)
    {
        var name = entry.FileName;
        if (name[0] == '.')
        {
            return false;
        }

        foreach (var excluded in entry.IsDirectory ? FilledFolders : WrittenFiles)
        {
            if (FileSystemName.MatchesSimpleExpression(excluded, name, ignoreCase: false))
            {
                return false;
            }
        }

        var path = entry.ToFullPath();
        return !project.Products.Contains(path) && !OwnOutput.Contains(path) && !_ignored.Contains(Path.GetRelativePath(root, path), entry.IsDirectory);
    }

    /// <summary>Those in a folder. What disappears meanwhile is left out; links to folders are not followed, because they may lead in a circle.</summary>
    private FileSystemEnumerable<(string Path, (DateTimeOffset WrittenAt, long Length) Stamp)> Below(string folder) => new(
        folder,
        static (ref FileSystemEntry entry) => (entry.ToFullPath(), (entry.LastWriteTimeUtc, entry.Length)),
        new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
    {
        ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory && IsSource(ref entry),
        ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint) && IsSource(ref entry),
    };
}

/// <summary>What the sources looked like at a time.</summary>
/// <param name="Files">Absolute path → what changes with its content.</param>
/// <param name="Effort">How long it took to look.</param>
internal sealed record SourceState(IReadOnlyDictionary<string, (DateTimeOffset WrittenAt, long Length)> Files, TimeSpan Effort)
{
    /// <summary>The files that are new, gone or otherwise than before.</summary>
    public IReadOnlyCollection<string> Since(SourceState before) =>
    [
        .. Files.Where(file => !before.Files.TryGetValue(file.Key, out var stamp) || stamp != file.Value).Select(file => file.Key),
        .. before.Files.Keys.Where(file => !Files.ContainsKey(file)),
    ];
}
