namespace Wagi.Runtime.Commands;

/// <summary>Prints what a command's parts would log, one line each, without time and level: it goes to a terminal.</summary>
internal sealed class LineLogger(TextWriter output) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            output.WriteLine(formatter(state, exception));
        }
    }
}
