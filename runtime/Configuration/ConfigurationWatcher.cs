using Wagi.Modules.Sources;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Configuration;

/// <summary>
/// Notices changes of the configuration file, of the mounted secrets and of modules that are files, and tells the
/// <see cref="ModuleHost"/>. File system events make it quick; a look every second makes it certain, because events do not come for
/// every file system and are dropped under load.
/// </summary>
internal sealed partial class ConfigurationWatcher(
    ConfigurationReader reader,
    string path,
    string? secretsDirectory,
    FileSource files,
    ModuleHost host,
    ILogger<ConfigurationWatcher> logger) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Writers often need several steps; a short pause lets them finish and makes one reload of them.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _events = new(0, 1);
    private readonly Dictionary<string, (string Path, string Stamp)> _fileModules = new(StringComparer.Ordinal);
    private string _stamp = "";

    /// <summary>Reads everything once, then again after every change, until <paramref name="cancellation"/>.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var configurationEvents = Watch(Path.GetDirectoryName(path)!);
        using var secretEvents = secretsDirectory is null ? null : Watch(secretsDirectory);
        try
        {
            while (true)
            {
                Look();
                if (await _events.WaitAsync(Interval, cancellation))
                {
                    await Task.Delay(Settle, cancellation);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private void Look()
    {
        var stamp = FileStamp.Of(path) + '\n' + (secretsDirectory is null ? "" : FileStamp.OfDirectory(secretsDirectory));
        if (stamp != _stamp)
        {
            _stamp = stamp;
            var desired = reader.Read();
            LogRead(path, desired.File.Entries.Length, desired.File.Problems.Length);
            host.Apply(desired);
            TrackFileModules(desired);
            return;
        }

        foreach (var (id, (file, seen)) in _fileModules)
        {
            var now = FileStamp.Of(file);
            if (now != seen)
            {
                _fileModules[id] = (file, now);
                LogModuleFileChanged(id, file);
                host.Reload(id);
            }
        }
    }

    private void TrackFileModules(DesiredModules desired)
    {
        if (desired.File.HasSyntaxErrors)
        {
            return;
        }

        var before = new Dictionary<string, (string Path, string Stamp)>(_fileModules, StringComparer.Ordinal);
        _fileModules.Clear();
        foreach (var entry in desired.File.Entries)
        {
            if (entry.Module.Scheme == ModuleScheme.File)
            {
                var file = files.PathFor(entry);
                var isTracked = before.TryGetValue(entry.Id, out var tracked) && tracked.Path == file;
                _fileModules[entry.Id] = isTracked ? tracked : (file, FileStamp.Of(file));
            }
        }
    }

    private FileSystemWatcher? Watch(string directory)
    {
        try
        {
            // A folder of a kubelet changes by a rename of '..data': every name counts, not only the file's.
            var watcher = new FileSystemWatcher(directory)
            {
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite,
            };
            watcher.Changed += (_, _) => Signal();
            watcher.Created += (_, _) => Signal();
            watcher.Renamed += (_, _) => Signal();
            watcher.Deleted += (_, _) => Signal();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception error) when (error is IOException or ArgumentException or UnauthorizedAccessException)
        {
            LogNotWatched(directory, error.Message);
            return null;
        }
    }

    private void Signal()
    {
        try
        {
            _events.Release();
        }
        catch (SemaphoreFullException)
        {
            // One event is noted already; more say nothing new.
        }
    }

    public void Dispose() => _events.Dispose();
}
