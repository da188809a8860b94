using Microsoft.Extensions.Logging;
using Wagi.Operator.Planning;

namespace Wagi.Operator.LeaderElection;

internal sealed partial class LeaderElector
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Identity} leads")]
    private static partial void LogLeading(ILogger logger, string identity);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "Stepping down: the lease could not be renewed for {Seconds} s")]
    private static partial void LogLost(ILogger logger, double seconds);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "Stepping down: {Holder} has taken the lease over")]
    private static partial void LogTakenOver(ILogger logger, string holder);

    [LoggerMessage(EventId = 4, Level = LogLevel.Information, Message = "Lease given back")]
    private static partial void LogReleased(ILogger logger);

    [LoggerMessage(EventId = 5, Level = LogLevel.Warning, Message = "Lease {Lease} cannot be read or written, trying again: {Error}")]
    private static partial void LogFailed(ILogger logger, ObjectKey lease, string error);
}
