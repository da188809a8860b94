using Microsoft.Extensions.Logging;

namespace Wagi.Operator.Controllers;

internal sealed partial class Informer<T>
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Watching {Resource}")]
    private static partial void LogConnected(ILogger logger, string resource);

    [LoggerMessage(EventId = 2, Level = LogLevel.Debug, Message = "Listed {Count} {Resource}")]
    private static partial void LogListed(ILogger logger, string resource, int count);

    [LoggerMessage(EventId = 3, Level = LogLevel.Debug, Message = "Watch of {Resource} at {ResourceVersion} has expired; listing again")]
    private static partial void LogExpired(ILogger logger, string resource, string resourceVersion);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "Cannot watch {Resource}, trying again: {Error}")]
    private static partial void LogTrouble(ILogger logger, string resource, string error);
}
