namespace Wagi.Runtime.Tls;

internal sealed partial class ServerCertificate
{
    [LoggerMessage(LogLevel.Information, "New certificate: {Subject}, valid until {NotAfter:u}")]
    private partial void LogReloaded(string subject, DateTime notAfter);

    [LoggerMessage(LogLevel.Warning, "The certificate that was loaded before stays: {Error}")]
    private partial void LogKept(string error);
}
