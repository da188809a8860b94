namespace Wagi.TestCluster;

/// <summary>
/// A new, empty folder that only its owner can read, deleted on <see cref="Dispose"/>. What a killed test run left behind is deleted by the
/// next one: every folder holds a lock file that the kernel unlocks when its owner dies.
/// </summary>
public sealed class TempDirectory : IDisposable
{
    private const string Prefix = "wagi-test-";
    private const string LockFile = ".owner";

    private static readonly Lazy<bool> SweptOnce = new(SweepLeftovers);

    private readonly FileStream _lock;

    /// <summary>Creates the folder; <paramref name="name"/> becomes part of its name, for whoever looks into the temporary folder.</summary>
    public TempDirectory(string name)
    {
        _ = SweptOnce.Value;
        FullPath = Directory.CreateTempSubdirectory($"{Prefix}{name}-").FullName;
        _lock = new FileStream(Path.Combine(FullPath, LockFile), FileMode.CreateNew, FileAccess.Write, FileShare.None);
    }

    /// <summary>The folder's absolute path.</summary>
    public string FullPath { get; }

    /// <summary>The absolute path of <paramref name="name"/> inside the folder.</summary>
    public string PathOf(string name) => Path.Combine(FullPath, name);

    /// <summary>Writes <paramref name="content"/> to <paramref name="name"/> inside the folder and returns the file's absolute path.</summary>
    public string Write(string name, string content)
    {
        var path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lock.Dispose();
        if (Directory.Exists(FullPath)) Directory.Delete(FullPath, recursive: true);
    }

    private static bool SweepLeftovers()
    {
        // A folder as young as this may not have its lock yet.
        var settled = DateTime.UtcNow.AddMinutes(-1);
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            try
            {
                if (Directory.GetCreationTimeUtc(folder) > settled) continue;
                using (new FileStream(Path.Combine(folder, LockFile), FileMode.Open, FileAccess.Write, FileShare.None))
                {
                    Directory.Delete(folder, recursive: true);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // In use, another user's, or swept by somebody else at this moment.
            }
        }

        return true;
    }
}
