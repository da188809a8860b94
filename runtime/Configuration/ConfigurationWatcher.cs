using Wagi.Hosting.Supervision;
using Wagi.Modules.Problems;
using Wagi.Modules.Sources;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Configuration;

/// <summary>
/// Notices changes of the configuration file, of the mounted secrets and of modules that are files. File system events make it quick; a
/// look every second makes it certain, because events do not come for every file system and are dropped under load.
/// </summary>
/// <param name="reader">Reads the configuration and the secrets.</param>
/// <param name="files">Knows the paths of modules that are files.</param>
/// <param name="apply">Told what is to be served from now on.</param>
/// <param name="reload">Told the id of an entry whose module file has changed.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where to log.</param>
/// <param name="gate">Whether changes of module files are taken; null: always.</param>
internal sealed partial class ConfigurationWatcher(
    ConfigurationReader reader,
    FileSource files,
    Action<DesiredModules> apply,
    Action<string> reload,
    TimeProvider time,
    ILogger<ConfigurationWatcher> logger,
    ReloadGate? gate = null) : IDisposable
{
    /// <summary>The longest time between two looks.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>The shortest time between two looks: writers often need several steps.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(20);

    /// <summary>Released by an event of the file system, and by the clock.</summary>
    private readonly SemaphoreSlim _wake = new(0, 1);

    private readonly long _start = time.GetTimestamp();
    private readonly Dictionary<string, (string Path, FileChange Change)> _moduleFiles = new(StringComparer.Ordinal);
    private FileChange? _configuration;
    private string _secrets = "";

    /// <summary>Reads everything once, then again after every change, until <paramref name="cancellationToken"/>.</summary>
    public async Task RunAsync(LoopProgress progress, CancellationToken cancellationToken)
    {
        using var configurationEvents = reader.Origin.Folder is { } folder ? Watch(folder) : null;
        using var secretEvents = reader.SecretsDirectory is null ? null : Watch(reader.SecretsDirectory);
        using var alarm = time.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (gate is not null)
        {
            gate.Opened += Wake;
        }

        while (true)
        {
            var wait = Look();
            progress.Completed();
            alarm.Change(wait > Settle ? wait - Settle : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            await _wake.WaitAsync(cancellationToken);
            await Task.Delay(Settle, time, cancellationToken);
        }
    }

    /// <summary>Looks at everything once.</summary>
    /// <returns>How long to wait for the next look, unless something happens before.</returns>
    internal TimeSpan Look()
    {
        var now = time.GetElapsedTime(_start);
        var wait = LookAtConfiguration(now);
        foreach (var (id, (file, change)) in _moduleFiles)
        {
            var seen = change.Look(FileStamp.Of(file), now);
            var rest = gate is { IsClosed: true } ? null : seen.Wait(now);
            _moduleFiles[id] = (file, rest == TimeSpan.Zero ? seen.Take() : seen);
            if (rest == TimeSpan.Zero)
            {
                LogModuleFileChanged(id, file);
                reload(id);
            }
            else if (rest < wait)
            {
                wait = rest.Value;
            }
        }

        return wait;
    }

    private TimeSpan LookAtConfiguration(TimeSpan now)
    {
        // Nothing is served before the first look, so that there is nothing to lose: whatever is there is taken.
        var stamp = Stamp();
        var isFirst = _configuration is null;
        var seen = _configuration?.Look(stamp, now) ?? FileChange.None(stamp);
        _configuration = seen;
        var rest = seen.Wait(now);
        if (rest > TimeSpan.Zero)
        {
            return rest.Value < Interval ? rest.Value : Interval;
        }

        var secrets = reader.SecretsDirectory is null ? "" : FileStamp.OfDirectory(reader.SecretsDirectory);
        if (!isFirst && rest is null && secrets == _secrets)
        {
            return Interval;
        }

        var desired = reader.Read();
        if (!isFirst && Stamp() != stamp)
        {
            return Settle; // Written to while it was read.
        }

        _configuration = seen.Take();
        _secrets = secrets;
        LogConfigurationRead(
            reader.Origin.Path, Quantity.Of(desired.File.Entries.Length, "module"), Quantity.Of(desired.File.Problems.Length, "problem"));
        apply(desired);
        TrackModuleFiles(desired);
        return Interval;
    }

    private FileStamp Stamp() => reader.Origin.ConfigurationPath is { } path ? FileStamp.Of(path) : FileStamp.Absent;

    private void TrackModuleFiles(DesiredModules desired)
    {
        if (desired.File.IsDamaged)
        {
            return;
        }

        var before = new Dictionary<string, (string Path, FileChange Change)>(_moduleFiles, StringComparer.Ordinal);
        _moduleFiles.Clear();
        foreach (var entry in desired.File.Entries)
        {
            if (entry.Module.Scheme == ModuleScheme.File)
            {
                var file = files.PathFor(entry);
                var isTracked = before.TryGetValue(entry.Id, out var tracked) && tracked.Path == file;
                _moduleFiles[entry.Id] = isTracked ? tracked : (file, FileChange.None(FileStamp.Of(file)));
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
            watcher.Changed += (_, _) => Wake();
            watcher.Created += (_, _) => Wake();
            watcher.Renamed += (_, _) => Wake();
            watcher.Deleted += (_, _) => Wake();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or UnauthorizedAccessException)
        {
            LogNotWatched(directory, exception.Message);
            return null;
        }
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // It is awake already, or has ended.
        }
    }

    public void Dispose() => _wake.Dispose();

    [LoggerMessage(LogLevel.Information, "Read {Path}: {Modules}, {Problems}")]
    private partial void LogConfigurationRead(string path, string modules, string problems);

    [LoggerMessage(LogLevel.Information, "Module {Id} is loaded again, because {File} changed")]
    private partial void LogModuleFileChanged(string id, string file);

    [LoggerMessage(LogLevel.Information, "Folder {Directory} cannot be watched ({Error}): it is looked at every second instead")]
    private partial void LogNotWatched(string directory, string error);
}
