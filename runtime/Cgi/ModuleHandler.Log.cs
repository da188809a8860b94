using Microsoft.Extensions.Logging;

namespace Wagi.Runtime.Cgi;

public sealed partial class ModuleHandler
{
    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "{Module} {Request} trapped: {Reason}")]
    private partial void LogTrapped(string module, string request, string reason);

    [LoggerMessage(EventId = 21, Level = LogLevel.Warning, Message = "{Module} {Request} was stopped after {Seconds} s, its timeout")]
    private partial void LogDeadline(string module, string request, double seconds);

    [LoggerMessage(EventId = 22, Level = LogLevel.Warning, Message = "{Module} {Request} gave no valid answer: {Reason}")]
    private partial void LogMalformed(string module, string request, string reason);

    [LoggerMessage(EventId = 23, Level = LogLevel.Warning, Message = "{Module} {Request} ended with exit code {ExitCode} after its answer")]
    private partial void LogExitCode(string module, string request, int exitCode);

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message = "{Module} {Request} was turned away: too many requests at the same time")]
    private partial void LogSaturated(string module, string request);

    [LoggerMessage(EventId = 25, Level = LogLevel.Error, Message = "{Module} {Request} could not be started: {Reason}")]
    private partial void LogNotStarted(string module, string request, string reason);

    [LoggerMessage(EventId = 26, Level = LogLevel.Error, Message = "{Module} {Request}: the answer could not be sent")]
    private partial void LogOutputFailed(Exception? exception, string module, string request);
}
