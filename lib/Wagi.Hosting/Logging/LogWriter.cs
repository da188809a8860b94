using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Wagi.Hosting.Logging;

/// <summary>
/// Writes the log, on a thread of its own. Whoever reads it may be slow, or stop reading: nobody who has something to say waits for that.
/// Lines that find no room are dropped and counted. The framework's own writer says so in a text that is not in the log's format.
/// </summary>
internal sealed partial class LogWriter : ILoggerProvider
{
    /// <summary>Lines that may wait.</summary>
    internal const int Capacity = 2500;

    private readonly ConsoleFormatter _formatter;
    private readonly TextWriter _output;
    private readonly Channel<string> _lines;
    private readonly ILogger _own;
    private readonly Thread _thread;
    private readonly Meter _meter = new(LogOptions.MeterName);
    private long _dropped;

    /// <param name="formatter">Makes the lines.</param>
    /// <param name="output">Where they go.</param>
    public LogWriter(ConsoleFormatter formatter, TextWriter output)
    {
        _formatter = formatter;
        _output = output;
        _lines = Channel.CreateBounded<string>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true }, _ => Interlocked.Increment(ref _dropped));
        _own = new LineLogger(typeof(LogWriter).FullName!, formatter, Write);
        _meter.CreateObservableCounter(
            "wagi_log_lines_dropped_total", () => Volatile.Read(ref _dropped), description: "Lines of the log that were dropped, because it is not read fast enough.");
        _thread = new Thread(WriteAll) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(categoryName, _formatter, line => _lines.Writer.TryWrite(line));

    /// <summary>Writes what waits, if somebody reads it.</summary>
    public void Dispose()
    {
        _lines.Writer.TryComplete();
        _thread.Join(TimeSpan.FromSeconds(1.5));
        _meter.Dispose();
    }

    private void WriteAll()
    {
        var (reported, written) = (0L, 0);
        while (_lines.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_lines.Reader.TryRead(out var line))
            {
                Write(line);
                written++;

                // Said about where the lines are missing: behind those that waited when there was no more room.
                if (Volatile.Read(ref _dropped) is var dropped && dropped > reported && (written >= Capacity || _lines.Reader.Count == 0))
                {
                    LogDropped(_own, dropped - reported);
                    (reported, written) = (dropped, 0);
                }
            }
        }
    }

    private void Write(string line)
    {
        try
        {
            _output.Write(line);
        }
        catch (IOException)
        {
            Interlocked.Increment(ref _dropped); // A full disk, for example.
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Lines} lines were dropped, because the log is not read fast enough")]
    private static partial void LogDropped(ILogger logger, long lines);

    private sealed class LineLogger(string category, ConsoleFormatter formatter, Action<string> write) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> messageFormatter)
        {
            using var line = new StringWriter();
            formatter.Write(new LogEntry<TState>(logLevel, category, eventId, state, exception, messageFormatter), null, line);
            write(line.ToString());
        }
    }
}
