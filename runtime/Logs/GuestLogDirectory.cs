using System.Collections.Concurrent;

namespace Wagi.Runtime.Logs;

/// <summary>The folder of <c>--log-dir</c>: in it a folder for each module.</summary>
internal sealed class GuestLogDirectory
{
    private readonly ConcurrentDictionary<string, GuestLogFile> _files = new(StringComparer.Ordinal);
    private readonly Func<string, GuestLogFile> _create;

    /// <exception cref="IOException">The folder cannot be made or written to; the message names it and the option.</exception>
    public GuestLogDirectory(GuestLogOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        Prepare(options.Directory);
        var logger = loggers.CreateLogger<GuestLogFile>();
        _create = id => new GuestLogFile(Path.Combine(options.Directory, GuestLogName.Of(id)), options.MaxFileBytes, time, logger);
    }

    /// <summary>The file of a module: the same one for every version of it, because old and new run side by side during a reload.</summary>
    public GuestLogFile For(string id) => _files.GetOrAdd(id, _create);

    private static void Prepare(string directory)
    {
        try
        {
            Directory.CreateDirectory(directory);
            var probe = Path.Combine(directory, $".probe-{Guid.NewGuid():N}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"log folder '{directory}' cannot be written to: {error.Message} (choose another with --log-dir)", error);
        }
    }
}
