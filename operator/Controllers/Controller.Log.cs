using Microsoft.Extensions.Logging;

namespace Wagi.Operator.Controllers;

internal sealed partial class Controller<TKey>
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Reconciliation failed, trying again in {Seconds:0.0} s: {Error}")]
    private static partial void LogFailed(ILogger logger, double seconds, string error);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "Reconciliation failed unexpectedly, trying again in {Seconds:0.0} s; please report this")]
    private static partial void LogCrashed(ILogger logger, Exception exception, double seconds);
}
