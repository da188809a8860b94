using Microsoft.Extensions.Logging;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Values;

internal sealed partial class ReferencedObjects<TAnswer, TContent>
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "{Kind} {Key} may not be read: {Error}")]
    private static partial void LogRefused(ILogger logger, string kind, ObjectKey key, string error);
}
