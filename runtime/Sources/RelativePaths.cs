namespace Wagi.Runtime.Sources;

/// <summary>
/// Where relative paths of a <c>modules.toml</c> lead: to what is beside the file, so that the folder can be moved; and where there is
/// nothing, to what is in the current folder, which is where WAGI looks.
/// </summary>
internal static class RelativePaths
{
    /// <summary>The absolute path.</summary>
    /// <param name="path">The path as it is written.</param>
    /// <param name="baseDirectory">The folder of the file.</param>
    /// <param name="exists">Tells what is there.</param>
    public static string Find(string path, string baseDirectory, Func<string, bool> exists)
    {
        var beside = Path.GetFullPath(path, baseDirectory);
        var current = Path.GetFullPath(path);
        return exists(beside) || !exists(current) ? beside : current;
    }
}
