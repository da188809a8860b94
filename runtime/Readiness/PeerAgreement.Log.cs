namespace Wagi.Runtime.Readiness;

internal sealed partial class PeerAgreement
{
    [LoggerMessage(LogLevel.Warning, "Not ready yet: module {Id} failed here ({Reason}) and is served by another runtime")]
    private partial void LogWaiting(string id, string reason);
}
