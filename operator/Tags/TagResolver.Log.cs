using Microsoft.Extensions.Logging;

namespace Wagi.Operator.Tags;

internal sealed partial class TagResolver
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Reference} is {Digest}")]
    private static partial void LogFound(ILogger logger, string reference, string digest);

    [LoggerMessage(EventId = 2, Level = LogLevel.Warning, Message = "{Reference} of namespace {Namespace} cannot be resolved, trying again: {Error}")]
    private static partial void LogFailed(ILogger logger, string reference, string @namespace, string error);
}
