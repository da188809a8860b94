namespace Wagi.Runtime.Cache;

internal sealed partial class ReferenceCache
{
    [LoggerMessage(LogLevel.Warning, "Cache record {Path} is damaged: removed, its module will be pulled again")]
    private partial void LogDamaged(string path);

    [LoggerMessage(LogLevel.Warning, "Cache record {Path} could not be written: {Error}")]
    private partial void LogNotStored(string path, string error);
}
