using Wagi.Hosting.Files;

namespace Wagi.Runtime.Cache;

/// <summary>
/// The folders of the node-local cache. Several processes (the runtime pods of a node) use one directory at the same time:
/// every file is written beside its place and renamed, so that a reader sees all of it or nothing.
/// </summary>
internal sealed class CacheDirectory
{
    private const string LockSuffix = ".lock";

    /// <summary>A temporary file older than this belongs to a process that died.</summary>
    private static readonly TimeSpan TemporaryLifetime = TimeSpan.FromHours(1);

    public CacheDirectory(string root)
    {
        Root = Path.GetFullPath(root);
        Blobs = Path.Combine(Root, "blobs", "sha256");
        References = Path.Combine(Root, "references");
        Compiled = Path.Combine(Root, "compiled");
        Invoices = Path.Combine(Root, "invoices");
        Files = Path.Combine(Root, "files");
    }

    public string Root { get; }

    /// <summary>Wasm by its own digest.</summary>
    public string Blobs { get; }

    /// <summary>Which Wasm a reference stands for.</summary>
    public string References { get; }

    /// <summary>Native code, one folder for every engine key.</summary>
    public string Compiled { get; }

    /// <summary>Invoices of bindles.</summary>
    public string Invoices { get; }

    /// <summary>Files that guests see, one folder for every set of them.</summary>
    public string Files { get; }

    /// <summary>Whether a file or folder of this name is what a cache directory has in it.</summary>
    public static bool MayHold(string path) => Path.GetFileName(path) is "blobs" or "references" or "compiled" or "invoices" or "files";

    /// <summary>Makes the folders.</summary>
    /// <exception cref="IOException">The directory cannot be written to; the message names it and the setting.</exception>
    public void Prepare()
    {
        try
        {
            Directory.CreateDirectory(Blobs);
            Directory.CreateDirectory(References);
            Directory.CreateDirectory(Compiled);
            var probe = Path.Combine(Root, $".probe-{Guid.NewGuid():N}{AtomicFile.TemporarySuffix}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"cache directory '{Root}' cannot be written to: {error.Message} (choose another with --module-cache)", error);
        }
    }

    /// <summary>Keeps <see cref="Trim"/>, of this process and of others, from removing a folder below <see cref="Files"/>, until what is returned is disposed.</summary>
    /// <exception cref="IOException">It is being removed at this moment.</exception>
    public static FileStream KeepFolder(string folder)
    {
        var path = folder + LockSuffix;
        var held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read);
        Touch(path);
        return held;
    }

    /// <summary>Marks a file as used now, for the removal of the least recently used.</summary>
    public static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Removed by another process, or a read-only mount: the mark is only a hint.
        }
    }

    /// <summary>Deletes a file; one that is gone already or may not be deleted is left.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Nothing depends on it: the next clean-up tries again.
        }
    }

    /// <summary>
    /// Removes least recently used files until the cache holds at most <paramref name="maxBytes"/>, and what dead processes left.
    /// A file that another process has open stays readable for it (POSIX <c>unlink</c>). A folder below <see cref="Files"/> goes as a whole,
    /// and not while it is kept.
    /// </summary>
    /// <returns>The number of files and folders removed.</returns>
    public int Trim(long maxBytes)
    {
        var removed = 0;
        var files = new List<CachedItem>();
        foreach (var file in new DirectoryInfo(Root).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (file.FullName.StartsWith(Files, StringComparison.Ordinal))
            {
                continue;
            }

            if (!file.Name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal))
            {
                files.Add(new CachedItem(file.LastWriteTimeUtc, file.Length, () => Remove(file)));
            }
            else if (DateTime.UtcNow - file.LastWriteTimeUtc > TemporaryLifetime)
            {
                TryDelete(file.FullName);
                removed++;
            }
        }

        foreach (var folder in Directory.Exists(Files) ? new DirectoryInfo(Files).EnumerateDirectories() : [])
        {
            if (!folder.Name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal))
            {
                var size = folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
                files.Add(new CachedItem(File.GetLastWriteTimeUtc(folder.FullName + LockSuffix), size, () => TryRemoveFolder(folder)));
            }
            else if (DateTime.UtcNow - folder.LastWriteTimeUtc > TemporaryLifetime)
            {
                folder.Delete(recursive: true);
                removed++;
            }
        }

        var total = files.Sum(item => item.Size);
        foreach (var item in files.OrderBy(item => item.UsedAt))
        {
            if (total <= maxBytes)
            {
                break;
            }

            if (item.Remove())
            {
                total -= item.Size;
                removed++;
            }
        }

        return removed;
    }

    private static bool Remove(FileInfo file)
    {
        TryDelete(file.FullName);
        return true;
    }

    private static bool TryRemoveFolder(DirectoryInfo folder)
    {
        try
        {
            using (new FileStream(folder.FullName + LockSuffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
            {
                folder.Delete(recursive: true);
            }

            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false; // Kept by a process that serves it.
        }
    }

    /// <summary>Something that can be removed from the cache.</summary>
    private sealed record CachedItem(DateTime UsedAt, long Size, Func<bool> Remove);
}
