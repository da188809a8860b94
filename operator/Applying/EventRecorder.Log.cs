using Microsoft.Extensions.Logging;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Applying;

internal sealed partial class EventRecorder
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Module}: {Type} {Reason}: {Note}")]
    private static partial void LogEvent(ILogger logger, ObjectKey module, string type, string reason, string note);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "An event about {Module} could not be written: {Error}")]
    private static partial void LogNotWritten(ILogger logger, ObjectKey module, string error);
}
