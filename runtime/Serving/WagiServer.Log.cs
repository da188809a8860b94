namespace Wagi.Runtime.Serving;

internal sealed partial class WagiServer
{
    [LoggerMessage(LogLevel.Information, "Listening on {Url}, admin port {AdminUrl}")]
    private partial void LogListening(string url, string adminUrl);

    [LoggerMessage(LogLevel.Information, "Stopping in {DrainSeconds} s; requests in flight get {ShutdownSeconds} s to finish")]
    private partial void LogDraining(double drainSeconds, double shutdownSeconds);

    [LoggerMessage(LogLevel.Information, "Stopped")]
    private partial void LogStopped();
}
