using Microsoft.Extensions.Logging;

namespace Wagi.Runtime.Logs;

/// <summary>Where the lines go that guests write to stderr. Called by many requests at the same time.</summary>
public interface IGuestLines
{
    /// <summary>Takes a line; it holds no control characters but tabs.</summary>
    /// <param name="module">Id of the module.</param>
    /// <param name="request">Id of the request.</param>
    /// <param name="line">The text.</param>
    void Add(string module, string request, string line);

    /// <summary>Says that the rest of what a request wrote is dropped.</summary>
    void AddTruncated(string module, string request);

    /// <summary>Says how many lines of a module were dropped.</summary>
    void AddDropped(string module, long lines);
}

/// <summary>Guests' stderr as lines of the runtime's own log.</summary>
internal sealed partial class LoggedGuestLines(ILogger logger) : IGuestLines
{
    /// <summary>Logged for a line, with <c>Module</c> and <c>Line</c>.</summary>
    public const int LineEvent = 30;

    private readonly ILogger _logger = logger;

    public void Add(string module, string request, string line) => LogLine(module, request, line);

    public void AddTruncated(string module, string request) => LogTruncated(module, request);

    public void AddDropped(string module, long lines) => LogDropped(module, lines);

    [LoggerMessage(EventId = LineEvent, Level = LogLevel.Information, Message = "{Module} {Request} stderr: {Line}")]
    private partial void LogLine(string module, string request, string line);

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning, Message = "{Module} {Request} stderr: more was written than is kept for one request; the rest is dropped")]
    private partial void LogTruncated(string module, string request);

    [LoggerMessage(EventId = 32, Level = LogLevel.Warning, Message = "{Module} stderr: {Lines} lines were dropped, because the module writes more per second than is kept")]
    private partial void LogDropped(string module, long lines);
}

/// <summary>Limits the log lines of a module: this many per second, and as many in one burst.</summary>
internal sealed class LineBudget(int linesPerSecond, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _tokens = linesPerSecond;
    private long _refilled = time.GetTimestamp();
    private long _dropped;

    /// <summary>Takes a line. <paramref name="dropped"/>: how many were refused since the last one that was not.</summary>
    public bool TryTake(out long dropped)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(linesPerSecond, _tokens + (time.GetElapsedTime(_refilled, now).TotalSeconds * linesPerSecond));
            _refilled = now;
            if (_tokens < 1)
            {
                _dropped++;
                dropped = 0;
                return false;
            }

            _tokens--;
            dropped = _dropped;
            _dropped = 0;
            return true;
        }
    }
}
