namespace Wagi.Runtime.Cache;

/// <summary>Keeps the cache below its limit: looks at the start, then from time to time.</summary>
internal sealed partial class CacheTrimmer(CacheDirectory directory, long maxBytes, ILogger<CacheTrimmer> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>Runs until <paramref name="cancellation"/>.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            do
            {
                Trim();
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private void Trim()
    {
        try
        {
            var removed = directory.Trim(maxBytes);
            if (removed > 0)
            {
                LogTrimmed(removed, directory.Root, maxBytes);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another process works on the same directory: the next look sees it again.
            LogNotTrimmed(directory.Root, error.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "Removed {Count} least recently used files from cache {Directory}, whose limit is {MaxBytes} bytes")]
    private partial void LogTrimmed(int count, string directory, long maxBytes);

    [LoggerMessage(LogLevel.Warning, "Cache {Directory} could not be cleaned up: {Error}")]
    private partial void LogNotTrimmed(string directory, string error);
}
