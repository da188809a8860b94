namespace Wagi.Operator.ApiServer;

/// <summary>There is no way to the API server. The message is for the user.</summary>
internal sealed class KubeconfigException(string message) : Exception(message);
