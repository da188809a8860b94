using Wagi.Hosting.Files;
using Wagi.Hosting.Supervision;

namespace Wagi.Runtime.Cache;

/// <summary>Keeps the cache below its limit: looks at the start, then from time to time, and whenever much has been put into it.</summary>
/// <param name="directory">The cache.</param>
/// <param name="maxBytes">Its limit.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where to log.</param>
internal sealed partial class CacheTrimmer(CacheDirectory directory, long maxBytes, TimeProvider time, ILogger<CacheTrimmer> logger)
{
    /// <summary>The longest time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>The shortest.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>There is a look when this part of the limit has been added since the last.</summary>
    private const int Share = 16;

    /// <summary>A temporary file older than this belongs to a process that died.</summary>
    private static readonly TimeSpan TemporaryLifetime = TimeSpan.FromHours(1);

    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = true,
        AttributesToSkip = FileAttributes.None,
    };

    private readonly string _folders = directory.Files + Path.DirectorySeparatorChar;

    /// <summary>Runs until <paramref name="cancellationToken"/>.</summary>
    public async Task RunAsync(LoopProgress progress, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        (long Added, long At)? last = null;
        do
        {
            var added = directory.Added;
            if (last is not { } look || added - look.Added > maxBytes / Share || time.GetElapsedTime(look.At) >= Interval)
            {
                TrimAndLog();
                last = (added, time.GetTimestamp());
            }

            progress.Completed();
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private void TrimAndLog()
    {
        try
        {
            var removed = Trim();
            if (removed > 0)
            {
                LogTrimmed(removed, directory.Root, maxBytes);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotTrimmed(directory.Root, exception.Message);
        }
    }

    /// <summary>
    /// Removes least recently used files until the cache holds at most what it may, and what dead processes left. Other processes may work on
    /// the same directory. A file that one of them has open stays readable for it (POSIX <c>unlink</c>). A folder below
    /// <see cref="CacheDirectory.Files"/> goes as a whole, and not while it is kept. Lock files stay: one that is deleted while it is held
    /// would let a second process in.
    /// </summary>
    /// <returns>The number of files and folders removed.</returns>
    internal int Trim()
    {
        var removed = 0;
        var items = new List<CachedItem>();
        foreach (var file in new DirectoryInfo(directory.Root).EnumerateFiles("*", Everything))
        {
            if (file.FullName.StartsWith(_folders, StringComparison.Ordinal)
                || file.Name.EndsWith(CacheDirectory.LockSuffix, StringComparison.Ordinal)
                || !IsStillThere(file))
            {
                continue;
            }

            if (!IsTemporary(file))
            {
                items.Add(new CachedItem(file.LastWriteTimeUtc, file.Length, () => TryDelete(file)));
            }
            else if (IsAbandoned(file) && TryDelete(file))
            {
                removed++;
            }
        }

        foreach (var folder in Directory.Exists(directory.Files) ? new DirectoryInfo(directory.Files).EnumerateDirectories() : [])
        {
            if (!IsTemporary(folder))
            {
                var size = folder.EnumerateFiles("*", Everything).Where(IsStillThere).Sum(file => file.Length);
                items.Add(new CachedItem(File.GetLastWriteTimeUtc(LockOf(folder)), size, () => TryDeleteUnlessKept(folder)));
            }
            else if (IsAbandoned(folder) && TryDelete(folder))
            {
                removed++;
            }
        }

        var total = items.Sum(item => item.Size);
        foreach (var item in items.OrderBy(item => item.UsedAt))
        {
            if (total <= maxBytes)
            {
                break;
            }

            if (item.TryRemove())
            {
                total -= item.Size;
                removed++;
            }
        }

        return removed;
    }

    /// <summary>Whether nobody has removed a file since it was listed; if so, its size and time are known from now on.</summary>
    private static bool IsStillThere(FileInfo file)
    {
        file.Refresh();
        return file.Exists;
    }

    private static bool IsTemporary(FileSystemInfo item) => item.Name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal);

    private static bool IsAbandoned(FileSystemInfo item) => DateTime.UtcNow - item.LastWriteTimeUtc > TemporaryLifetime;

    private static string LockOf(DirectoryInfo folder) => folder.FullName + CacheDirectory.LockSuffix;

    private static bool TryDeleteUnlessKept(DirectoryInfo folder)
    {
        try
        {
            using (new FileStream(LockOf(folder), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
            {
                folder.Delete(recursive: true);
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // Kept by a process that serves it.
        }
    }

    private static bool TryDelete(FileSystemInfo item)
    {
        try
        {
            if (item is DirectoryInfo folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                item.Delete();
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // The next look tries again.
        }
    }

    /// <summary>Something that can be removed from the cache.</summary>
    private sealed record CachedItem(DateTime UsedAt, long Size, Func<bool> TryRemove);

    [LoggerMessage(LogLevel.Information, "Removed {Count} least recently used files from cache {Directory}, whose limit is {MaxBytes} bytes")]
    private partial void LogTrimmed(int count, string directory, long maxBytes);

    [LoggerMessage(LogLevel.Warning, "Cache {Directory} could not be cleaned up: {Error}")]
    private partial void LogNotTrimmed(string directory, string error);
}
