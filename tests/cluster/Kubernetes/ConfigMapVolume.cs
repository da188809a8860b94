using System.Globalization;
using System.Runtime.InteropServices;

namespace Wagi.TestCluster.Kubernetes;

/// <summary>
/// Stands in for a kubelet's <c>AtomicWriter</c>, which projects a ConfigMap or Secret into a mounted directory: the files lie in a directory
/// named after the time, <c>..data</c> is a symlink to it that is replaced by one rename, and each visible file is a symlink
/// <c>NAME → ..data/NAME</c>. So a program that watches the directory sees here what it sees in a pod.
/// </summary>
public sealed partial class ConfigMapVolume(string directory)
{
    private const string Data = "..data";
    private const string NewData = "..data_tmp";

    /// <summary>The mounted directory.</summary>
    public string FullPath { get; } = Directory.CreateDirectory(directory).FullName;

    /// <summary>The path at which a program reads <paramref name="key"/>.</summary>
    public string PathOf(string key) => Path.Combine(FullPath, key);

    /// <summary>
    /// Makes the directory show <paramref name="data"/> and nothing else. All files change at one instant; when nothing differs, nothing
    /// is touched.
    /// </summary>
    /// <exception cref="ArgumentException">A key is not a file name that Kubernetes allows.</exception>
    public void Project(IReadOnlyDictionary<string, byte[]> data)
    {
        foreach (var key in data.Keys) CheckKey(key);
        var current = new DirectoryInfo(PathOf(Data)).LinkTarget;
        if (current is not null && Holds(PathOf(current), data)) return;

        var version = WriteVersion(data);
        Directory.CreateSymbolicLink(PathOf(NewData), version);
        Rename(PathOf(NewData), PathOf(Data));
        ShowFiles(data);
        if (current is not null) Directory.Delete(PathOf(current), recursive: true);
    }

    private static void CheckKey(string key)
    {
        var allowed = key.Length is > 0 and <= 253
            && !key.StartsWith("..", StringComparison.Ordinal)
            && key != "."
            && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
        if (!allowed) throw new ArgumentException($"'{key}' is not a key of a ConfigMap: letters, digits, '-', '_' and '.' only", nameof(key));
    }

    private static bool Holds(string version, IReadOnlyDictionary<string, byte[]> data) =>
        Directory.GetFiles(version).Length == data.Count
        && data.All(entry =>
        {
            var file = Path.Combine(version, entry.Key);
            return File.Exists(file) && File.ReadAllBytes(file).AsSpan().SequenceEqual(entry.Value);
        });

    private string WriteVersion(IReadOnlyDictionary<string, byte[]> data)
    {
        var time = DateTime.UtcNow.ToString("'..'yyyy'_'MM'_'dd'_'HH'_'mm'_'ss'.'", CultureInfo.InvariantCulture);
        var version = time + Random.Shared.NextInt64(1_000_000_000).ToString("D9", CultureInfo.InvariantCulture);
        Directory.CreateDirectory(PathOf(version));
        foreach (var (key, content) in data) File.WriteAllBytes(Path.Combine(PathOf(version), key), content);
        return version;
    }

    private void ShowFiles(IReadOnlyDictionary<string, byte[]> data)
    {
        foreach (var key in data.Keys)
        {
            if (new FileInfo(PathOf(key)).LinkTarget is null) File.CreateSymbolicLink(PathOf(key), $"{Data}/{key}");
        }

        var shown = Directory.EnumerateFileSystemEntries(FullPath).Select(path => Path.GetFileName(path)!);
        foreach (var name in shown.Where(name => !name.StartsWith("..", StringComparison.Ordinal) && !data.ContainsKey(name)).ToList())
            File.Delete(PathOf(name));
    }

    // .NET's own moves follow a symlink or refuse to replace one; the rename itself is what makes the change atomic.
    private static void Rename(string from, string to)
    {
        if (RenameNative(from, to) != 0)
            throw new IOException($"cannot rename {from} to {to}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int RenameNative(string from, string to);
}
