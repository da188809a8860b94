namespace Wagi.Runtime.Cache;

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
