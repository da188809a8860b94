namespace Wagi.TestCluster;

/// <summary>
/// Finds the programs that tests run: in <c>KUBEBUILDER_ASSETS</c>, then in the cache that <c>tests/cluster/install</c>
/// fills, then on <c>PATH</c>. The first two let a newer control plane, or the built one, win over the machine's.
/// </summary>
public static class TestTools
{
    /// <summary>The cache folder: <c>WAGI_CACHE</c>, else <c>wagi-operator</c> in the user's cache folder.</summary>
    public static string CacheDirectory { get; } =
        NonEmpty("WAGI_CACHE")
        ?? Path.Combine(NonEmpty("XDG_CACHE_HOME") ?? Path.Combine(Home, ".cache"), "wagi-operator");

    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    /// <summary>Why no test may start a process, or null when it may: <c>make check</c> sets <c>WAGI_NO_PROCESSES</c>.</summary>
    public static string? WhyNoProcess { get; } = NonEmpty("WAGI_NO_PROCESSES") is null ? null : "it starts a process, and WAGI_NO_PROCESSES is set";

    /// <summary>The full path of <paramref name="program"/>, or null where this machine has none.</summary>
    public static string? Find(string program) =>
        SearchFolders().Select(folder => Path.Combine(folder, program)).FirstOrDefault(IsExecutable);

    /// <summary>The full path of <paramref name="program"/>.</summary>
    /// <exception cref="FileNotFoundException">This machine has none; the message says what to do.</exception>
    public static string Require(string program) =>
        Find(program) ?? throw new FileNotFoundException(WhyMissing(program), program);

    /// <summary>
    /// Why a test that needs <paramref name="programs"/> cannot run here, or null when it can:
    /// <c>Assert.SkipWhen(TestTools.WhyMissing("etcd") is not null, …)</c>.
    /// </summary>
    public static string? WhyMissing(params ReadOnlySpan<string> programs)
    {
        if (WhyNoProcess is not null)
        {
            return WhyNoProcess;
        }

        var missing = new List<string>();
        foreach (var program in programs)
        {
            if (Find(program) is null) missing.Add(program);
        }

        return missing.Count == 0
            ? null
            : $"{string.Join(", ", missing)} not found in KUBEBUILDER_ASSETS, {CacheDirectory} or PATH: run tests/cluster/install";
    }

    /// <summary>What <see cref="Find"/> searches, as a <c>PATH</c> for programs that start others.</summary>
    public static string SearchPath => string.Join(Path.PathSeparator, SearchFolders().Distinct());

    private static IEnumerable<string> SearchFolders()
    {
        if (NonEmpty("KUBEBUILDER_ASSETS") is { } assets) yield return Path.GetFullPath(assets);

        // <cache>/<tool>/<version>/bin, the newest version first.
        if (Directory.Exists(CacheDirectory))
        {
            var versions = Directory.EnumerateDirectories(CacheDirectory).SelectMany(Directory.EnumerateDirectories);
            foreach (var folder in versions.OrderByDescending(VersionOf)) yield return Path.Combine(folder, "bin");
        }

        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        foreach (var folder in path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)) yield return folder;
    }

    private static Version VersionOf(string folder) =>
        Version.TryParse(Path.GetFileName(folder), out var version) ? version : new Version(0, 0);

    private static bool IsExecutable(string path) =>
        File.Exists(path)
        && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);

    private static string? NonEmpty(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
