namespace Wagi.Runtime.Cache;

/// <summary>
/// A lock between processes and between the threads of one, held on a file (<c>flock</c>). The kernel lets go of it when its
/// holder dies, so that no stale lock is left behind.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Waits until the lock is free and takes it.</summary>
    public static async Task<FileLock> AcquireAsync(string path, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            try
            {
                return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException error) when (error is not (FileNotFoundException or DirectoryNotFoundException) && IsHeld(path))
            {
                await Task.Delay(PollInterval, cancellation);
            }
        }
    }

    /// <summary>Tells "another has it" from "cannot be opened at all" (disk full, no permission).</summary>
    private static bool IsHeld(string path) => File.Exists(path);

    public void Dispose() => _file.Dispose();
}
