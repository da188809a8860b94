using Wagi.Hosting.Files;

namespace Wagi.Runtime.Cache;

/// <summary>
/// The folders of the node-local cache. Several processes (the runtime pods of a node) use one directory at the same time:
/// every file is written beside its place and renamed, so that a reader sees all of it or nothing.
/// </summary>
internal sealed class CacheDirectory
{
    /// <summary>Of a file that a process holds while it works on what is beside it.</summary>
    public const string LockSuffix = ".lock";

    private long _added;

    public CacheDirectory(string root)
    {
        Root = Path.GetFullPath(root);
        Blobs = Path.Combine(Root, "blobs", "sha256");
        References = Path.Combine(Root, "references");
        Compiled = Path.Combine(Root, "compiled");
        Invoices = Path.Combine(Root, "invoices");
        Files = Path.Combine(Root, "files");
        Spool = Path.Combine(Root, "spool");
    }

    public string Root { get; }

    /// <summary>How many bytes this process has put into the cache.</summary>
    public long Added => Interlocked.Read(ref _added);

    /// <summary>Says that so many bytes have been put into the cache.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _added, bytes);

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

    /// <summary>Bodies of requests and answers, while they are on their way.</summary>
    public string Spool { get; }

    /// <summary>Whether a file or folder of this name is what a cache directory has in it.</summary>
    public static bool MayHold(string path) => Path.GetFileName(path) is "blobs" or "references" or "compiled" or "invoices" or "files" or "spool";

    /// <summary>Makes the folders.</summary>
    /// <exception cref="IOException">The directory cannot be written to; the message names it and the setting.</exception>
    public void Prepare()
    {
        foreach (var folder in (ReadOnlySpan<string>)[Root, Blobs, References, Compiled])
        {
            WritableFolder.Prepare(folder, "cache directory", "--module-cache");
        }
    }

    /// <summary>Keeps a <see cref="CacheTrimmer"/>, of this process or of another, from removing a folder below <see cref="Files"/>, until what is returned is disposed.</summary>
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
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
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
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nothing depends on it: the next clean-up tries again.
        }
    }
}

/// <summary>Where the node-local cache lies and how large it may grow.</summary>
/// <param name="Directory">Root directory; made when it is missing.</param>
/// <param name="MaxBytes">Size in bytes above which the least recently used files are removed.</param>
public sealed record CacheOptions(string Directory, long MaxBytes)
{
    /// <summary>10 GiB: some hundred modules with their native code.</summary>
    public const long DefaultMaxBytes = 10L << 30;

    /// <summary><c>$XDG_CACHE_HOME/wagi</c>, else <c>~/.cache/wagi</c>, else a folder below the temporary directory.</summary>
    public static string DefaultDirectory()
    {
        var cacheHome = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (!string.IsNullOrEmpty(cacheHome) && Path.IsPathRooted(cacheHome))
        {
            return Path.Combine(cacheHome, "wagi");
        }

        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length > 0 ? Path.Combine(home, ".cache", "wagi") : Path.Combine(Path.GetTempPath(), "wagi-cache");
    }
}
