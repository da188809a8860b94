using System.Threading.Channels;

namespace Wagi.Operator.Rendering;

/// <summary>Tells that something changed in folders. Many changes at once are one.</summary>
internal sealed class FolderWatch : IDisposable
{
    /// <summary>How long changes are collected: an editor writes a file in several steps.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(100);

    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly List<FileSystemWatcher> _watchers = [];
    private readonly TimeProvider _time;

    /// <param name="paths">Folders, watched with everything below them, or files.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">The system allows no more watches.</exception>
    public FolderWatch(IEnumerable<string> paths, TimeProvider time)
    {
        _time = time;
        foreach (var path in paths)
        {
            var watcher = File.Exists(path)
                ? new FileSystemWatcher(Path.GetDirectoryName(Path.GetFullPath(path))!)
                : new FileSystemWatcher(path) { IncludeSubdirectories = true };
            watcher.NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite | NotifyFilters.Size;
            watcher.Changed += (_, _) => Signal();
            watcher.Created += (_, _) => Signal();
            watcher.Deleted += (_, _) => Signal();
            watcher.Renamed += (_, _) => Signal();

            // Events were lost, so anything may have changed. The watcher itself goes on.
            watcher.Error += (_, _) => Signal();
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
    }

    private void Signal() => _changes.Writer.TryWrite(true);

    /// <summary>Returns a moment after something changed since the last time.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        await _changes.Reader.ReadAsync(cancellationToken);
        await Task.Delay(Quiet, _time, cancellationToken);
        _changes.Reader.TryRead(out _);
    }

    /// <inheritdoc/>
    public void Dispose() => _watchers.ForEach(watcher => watcher.Dispose());
}
