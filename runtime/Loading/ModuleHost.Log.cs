namespace Wagi.Runtime.Loading;

internal sealed partial class ModuleHost
{
    [LoggerMessage(LogLevel.Warning, "{Problem}")]
    private partial void LogProblem(string problem);

    [LoggerMessage(LogLevel.Information, "Module {Id} is ready at {Route}: {Reference}")]
    private partial void LogLoaded(string id, string route, string reference);

    [LoggerMessage(LogLevel.Information, "Module {Id} is no longer configured: removed")]
    private partial void LogRemoved(string id);

    [LoggerMessage(LogLevel.Error, "Module {Id} could not be loaded: {Reason}: {Message}")]
    private partial void LogFailed(string id, string reason, string message);

    [LoggerMessage(LogLevel.Warning, "Module {Id} could not be loaded: {Reason}: {Message}; trying again in {Seconds:0.#} s")]
    private partial void LogWillRetry(string id, string reason, string message, double seconds);

    [LoggerMessage(LogLevel.Information, "Module {Id} is not loaded yet: {Message}")]
    private partial void LogSecretsPending(string id, string message);

    [LoggerMessage(LogLevel.Error, "Module {Id} could not be loaded")]
    private partial void LogUnexpected(string id, Exception error);
}
