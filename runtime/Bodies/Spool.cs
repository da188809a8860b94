using Microsoft.Win32.SafeHandles;
using Wagi.Hosting.Files;

namespace Wagi.Runtime.Bodies;

/// <summary>
/// Files for bodies that are too large for memory. A file loses its name as soon as it is open (POSIX <c>unlink</c>), so that its space is
/// free when it is closed, or when the process dies.
/// </summary>
internal sealed partial class Spool
{
    private readonly string _folder;
    private readonly ILogger _logger;

    /// <summary>Removes what a process left that died between making a file and taking its name away.</summary>
    /// <param name="folder">Absolute path; several processes may use it.</param>
    /// <param name="logger">Where to say that no file could be made.</param>
    public Spool(string folder, ILogger logger)
    {
        _folder = folder;
        _logger = logger;
        try
        {
            // One that another process is just making goes as well, and that process loses nothing.
            foreach (var file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [])
            {
                File.Delete(file);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogFailed(folder, exception.Message);
        }
    }

    /// <summary>A new, empty file, for reading and writing; null when none can be made, which the log explains.</summary>
    public SafeFileHandle? TryOpen()
    {
        try
        {
            Directory.CreateDirectory(_folder);
            var path = Path.Combine(_folder, Guid.NewGuid().ToString("N") + AtomicFile.TemporarySuffix);
            var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite);
            File.Delete(path);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogFailed(_folder, exception.Message);
            return null;
        }
    }

    /// <summary>Writes all bytes at an offset; false when the disk does not take them, which the log explains.</summary>
    public bool TryWrite(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
            return true;
        }
        catch (IOException exception)
        {
            LogFailed(_folder, exception.Message);
            return false;
        }
    }

    [LoggerMessage(EventId = 50, Level = LogLevel.Warning, Message = "Bodies cannot be kept in {Folder}: {Error}")]
    private partial void LogFailed(string folder, string error);
}
