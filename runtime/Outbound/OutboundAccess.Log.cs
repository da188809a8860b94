using Microsoft.Extensions.Logging;

namespace Wagi.Runtime.Outbound;

internal sealed partial class OutboundAccess
{
    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "{Module} got no answer from {Origin} by outbound HTTP: {Reason}")]
    private partial void LogFailed(string module, string origin, string reason);
}
