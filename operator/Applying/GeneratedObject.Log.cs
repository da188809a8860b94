using Microsoft.Extensions.Logging;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Applying;

internal sealed partial class GeneratedObject
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Wrote {Kind} {Key} at resource version {ResourceVersion}")]
    private static partial void LogWrote(ILogger logger, string kind, ObjectKey key, string resourceVersion);
}
