namespace Wagi.Hosting.Files;

/// <summary>
/// Puts a file in its place in one step: it is written beside it, flushed to disk and renamed, so that a reader sees the old content or the new,
/// and a crash leaves one of the two.
/// </summary>
public static class AtomicFile
{
    /// <summary>What the name of a file that is still being written ends in. One that stays belongs to a process that died.</summary>
    public const string TemporarySuffix = ".tmp";

    /// <summary>Writes what <paramref name="write"/> produces, to a stream that can be read again. Creates the folder if need be; after an exception nothing has changed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task WriteAsync(string path, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(write);
        var temporary = TemporaryFor(path);
        try
        {
            await using (var stream = Create(temporary, mode: null))
            {
                await write(stream, cancellationToken);
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

    /// <summary>Writes these bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task WriteAsync(string path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        WriteAsync(path, (stream, token) => stream.WriteAsync(content, token).AsTask(), cancellationToken);

    /// <summary>Writes these bytes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="mode">The file's permissions from its first byte on; null: what the process gives new files.</param>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode? mode = null)
    {
        var temporary = TemporaryFor(path);
        try
        {
            using (var stream = Create(temporary, mode))
            {
                stream.Write(content);
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

    /// <summary>A hidden, unused name beside a file or folder, for making it there before it is renamed.</summary>
    public static string TemporaryFor(string path) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}{TemporarySuffix}");

    private static FileStream Create(string path, UnixFileMode? mode)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        return new FileStream(path, options);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What failed before is the error to report.
        }
    }
}
