using Microsoft.Extensions.Logging;

namespace Wagi.Operator.Applying;

internal sealed partial class PodAnnotator
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Runtime pod {Pod} could not be told of new modules; it sees them at its kubelet's next round: {Error}")]
    private static partial void LogNotMarked(ILogger logger, string pod, string error);
}
