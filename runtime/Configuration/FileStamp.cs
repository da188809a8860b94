using System.Globalization;

namespace Wagi.Runtime.Configuration;

/// <summary>A text that differs when a file has changed: cheap to take, without reading the file.</summary>
internal static class FileStamp
{
    /// <summary>Where the file really is (a kubelet swaps a symbolic link), its time and its length; a fixed text when it is not there.</summary>
    public static string Of(string path)
    {
        try
        {
            var real = RealPath(path);
            var file = new FileInfo(real);
            return file.Exists
                ? string.Create(CultureInfo.InvariantCulture, $"{real} {file.LastWriteTimeUtc.Ticks} {file.Length}")
                : "absent";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "absent";
        }
    }

    /// <summary>The stamps of all files directly in a folder.</summary>
    public static string OfDirectory(string directory)
    {
        try
        {
            return string.Join(
                '\n', Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).Select(file => $"{file} {Of(file)}"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return "absent";
        }
    }

    /// <summary>
    /// Follows the links of the file and of its folder: <c>modules.toml</c> → <c>..data/modules.toml</c> → <c>..2026_…/modules.toml</c>.
    /// </summary>
    private static string RealPath(string path)
    {
        var file = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        var folder = Path.GetDirectoryName(file)!;
        var realFolder = new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder;
        return Path.Combine(realFolder, Path.GetFileName(file));
    }
}
