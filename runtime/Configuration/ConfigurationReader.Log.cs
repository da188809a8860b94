namespace Wagi.Runtime.Configuration;

internal sealed partial class ConfigurationReader
{
    [LoggerMessage(LogLevel.Warning, "Secrets file {Path} cannot be used: {Error}")]
    private partial void LogSecretsUnreadable(string path, string error);
}
