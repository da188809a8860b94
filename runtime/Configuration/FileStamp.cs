namespace Wagi.Runtime.Configuration;

/// <summary>What tells that a file has changed: cheap to take, without reading the file.</summary>
/// <param name="LinkedTo">Where symbolic links lead to, of the file or of its folder; empty for a file that is no link.</param>
/// <param name="WrittenAt">When it was written, in ticks (UTC).</param>
/// <param name="Length">In bytes; -1: there is no such file.</param>
internal readonly record struct FileStamp(string LinkedTo, long WrittenAt, long Length)
{
    /// <summary>Of a file that is not there, or cannot be looked at.</summary>
    public static FileStamp Absent { get; } = new("", 0, -1);

    /// <summary>The stamp of a file as it is now.</summary>
    public static FileStamp Of(string path)
    {
        try
        {
            // Hundreds of files are looked at every second: without links, that is a call of the kernel for the file and one for its folder.
            var file = (FileInfo)Followed(new FileInfo(path));
            var folder = Path.GetDirectoryName(file.FullName)!;
            var realFolder = Followed(new DirectoryInfo(folder)).FullName;
            if (realFolder != folder)
            {
                file = new FileInfo(Path.Combine(realFolder, file.Name));
            }

            return file.Exists ? new FileStamp(file.FullName == path ? "" : file.FullName, file.LastWriteTimeUtc.Ticks, file.Length) : Absent;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Absent;
        }
    }

    /// <summary>The stamps of all files directly in a folder, as one text.</summary>
    public static string OfDirectory(string directory)
    {
        try
        {
            return string.Join(
                '\n', Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).Select(file => $"{file} {Of(file)}"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>
    /// Where a link leads, the file's and then its folder's: <c>modules.toml</c> → <c>..data/modules.toml</c> → <c>..2026_…/modules.toml</c>.
    /// </summary>
    private static FileSystemInfo Followed(FileSystemInfo item) =>
        item.Exists && (item.Attributes & FileAttributes.ReparsePoint) != 0 ? item.ResolveLinkTarget(returnFinalTarget: true) ?? item : item;
}

/// <summary>
/// Decides when a file that has changed is complete. A file that is rewritten in place is seen empty and then half-written before all of it is
/// there; a link that leads elsewhere, as a kubelet's, leads to a complete file.
/// </summary>
/// <param name="Taken">The version that is in use.</param>
/// <param name="Seen">The version that was seen last.</param>
/// <param name="SeenAt">When it was seen first, by any clock.</param>
internal readonly record struct FileChange(FileStamp Taken, FileStamp Seen, TimeSpan SeenAt)
{
    /// <summary>How long a file has to stay the same until it is taken for complete. Writers write their parts without a pause.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);

    /// <summary>As <see cref="Quiet"/>, for an empty file: whoever truncates it may have to compute what to write.</summary>
    public static readonly TimeSpan QuietWhenEmpty = TimeSpan.FromSeconds(2);

    /// <summary>A file whose present version is in use.</summary>
    public static FileChange None(FileStamp taken) => new(taken, taken, TimeSpan.Zero);

    /// <summary>The file looked like this at this time.</summary>
    public FileChange Look(FileStamp now, TimeSpan at) => now == Seen ? this : this with { Seen = now, SeenAt = at };

    /// <summary>How long to wait until the change is complete; zero: it is; null: nothing has changed.</summary>
    public TimeSpan? Wait(TimeSpan at)
    {
        if (Seen == Taken)
        {
            return null;
        }

        var isSwapped = Seen.LinkedTo.Length > 0 && Seen.LinkedTo != Taken.LinkedTo;
        var quiet = isSwapped ? TimeSpan.Zero : Seen.Length == 0 ? QuietWhenEmpty : Quiet;
        var rest = SeenAt + quiet - at;
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }

    /// <summary>The version that was seen is in use now.</summary>
    public FileChange Take() => None(Seen);
}
