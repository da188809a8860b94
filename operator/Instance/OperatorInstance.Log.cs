using Microsoft.Extensions.Logging;

namespace Wagi.Operator.Instance;

internal sealed partial class OperatorInstance
{
    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "Serving {Count} WagiModules through ConfigMap {Namespace}/{ConfigMap}")]
    private static partial void LogReconciling(ILogger logger, int count, string @namespace, string configMap);
}
