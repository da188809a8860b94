using Microsoft.Extensions.Logging;

namespace Wagi.Operator.Runtimes;

internal sealed partial class RuntimePoller
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Runtime {Runtime} reports at {Address}")]
    private static partial void LogFollowing(ILogger logger, string runtime, Uri address);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information, Message = "Runtime {Runtime} is gone")]
    private static partial void LogGone(ILogger logger, string runtime);
}
