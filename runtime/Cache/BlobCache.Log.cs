namespace Wagi.Runtime.Cache;

internal sealed partial class BlobCache
{
    [LoggerMessage(LogLevel.Warning, "Cached module {Path} is damaged: removed, it will be pulled again")]
    private partial void LogDamaged(string path);

    [LoggerMessage(LogLevel.Warning, "Module could not be kept in the cache as {Path}: {Error}")]
    private partial void LogNotStored(string path, string error);
}
