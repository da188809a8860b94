namespace Wagi.Runtime.Cache;

/// <summary>
/// The folders of the node-local cache. Several processes (the runtime pods of a node) use one directory at the same time:
/// every file is written beside its place and renamed, so that a reader sees all of it or nothing.
/// </summary>
internal sealed class CacheDirectory
{
    private const string TemporarySuffix = ".tmp";

    /// <summary>A temporary file older than this belongs to a process that died.</summary>
    private static readonly TimeSpan TemporaryLifetime = TimeSpan.FromHours(1);

    public CacheDirectory(string root)
    {
        Root = Path.GetFullPath(root);
        Blobs = Path.Combine(Root, "blobs", "sha256");
        References = Path.Combine(Root, "references");
        Compiled = Path.Combine(Root, "compiled");
    }

    public string Root { get; }

    /// <summary>Wasm by its own digest.</summary>
    public string Blobs { get; }

    /// <summary>Which Wasm a reference stands for.</summary>
    public string References { get; }

    /// <summary>Native code, one folder for every engine key.</summary>
    public string Compiled { get; }

    /// <summary>Makes the folders.</summary>
    /// <exception cref="IOException">The directory cannot be written to; the message names it and the setting.</exception>
    public void Prepare()
    {
        try
        {
            Directory.CreateDirectory(Blobs);
            Directory.CreateDirectory(References);
            Directory.CreateDirectory(Compiled);
            var probe = Path.Combine(Root, $".probe-{Guid.NewGuid():N}{TemporarySuffix}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"cache directory '{Root}' cannot be written to: {error.Message} (choose another with --module-cache)", error);
        }
    }

    /// <summary>
    /// Puts a file in its place in one step: <paramref name="write"/> fills a temporary file, which is flushed to disk and renamed.
    /// </summary>
    public static async Task WriteAsync(string path, Func<Stream, CancellationToken, Task> write, CancellationToken cancellation)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}{TemporarySuffix}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                await write(stream, cancellation);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
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
    /// A file that another process has open stays readable for it (POSIX <c>unlink</c>).
    /// </summary>
    /// <returns>The number of files removed.</returns>
    public int Trim(long maxBytes)
    {
        var removed = 0;
        var files = new List<FileInfo>();
        foreach (var file in new DirectoryInfo(Root).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            if (!file.Name.EndsWith(TemporarySuffix, StringComparison.Ordinal))
            {
                files.Add(file);
            }
            else if (DateTime.UtcNow - file.LastWriteTimeUtc > TemporaryLifetime)
            {
                TryDelete(file.FullName);
                removed++;
            }
        }

        var total = files.Sum(file => file.Length);
        foreach (var file in files.OrderBy(file => file.LastWriteTimeUtc))
        {
            if (total <= maxBytes)
            {
                break;
            }

            TryDelete(file.FullName);
            total -= file.Length;
            removed++;
        }

        return removed;
    }
}
