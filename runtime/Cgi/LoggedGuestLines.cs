using Microsoft.Extensions.Logging;

namespace Wagi.Runtime.Cgi;

/// <summary>Guests' stderr as lines of the runtime's own log.</summary>
internal sealed partial class LoggedGuestLines(ILogger logger) : IGuestLines
{
    private readonly ILogger _logger = logger;

    public void Add(string module, string request, string line) => LogLine(module, request, line);

    public void AddTruncated(string module, string request) => LogTruncated(module, request);

    public void AddDropped(string module, long lines) => LogDropped(module, lines);

    [LoggerMessage(EventId = 30, Level = LogLevel.Information, Message = "{Module} {Request} stderr: {Line}")]
    private partial void LogLine(string module, string request, string line);

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning, Message = "{Module} {Request} stderr: more was written than is kept for one request; the rest is dropped")]
    private partial void LogTruncated(string module, string request);

    [LoggerMessage(EventId = 32, Level = LogLevel.Warning, Message = "{Module} stderr: {Lines} lines were dropped, because the module writes more per second than is kept")]
    private partial void LogDropped(string module, long lines);
}
