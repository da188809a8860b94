namespace Wagi.Runtime.Logs;

/// <summary>
/// What the runtime itself says about the requests of one module, up to a rate: whoever can send requests must not be able to fill the log,
/// nor to keep the process busy with it.
/// </summary>
/// <param name="inner">Where the lines go.</param>
/// <param name="module">Id of the module.</param>
/// <param name="budget">The rate.</param>
internal sealed partial class BudgetedLogger(ILogger inner, string module, LineBudget budget) : ILogger
{
    private readonly ILogger _logger = inner;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => _logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => _logger.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!budget.TryTake(out var dropped))
        {
            return;
        }

        if (dropped > 0)
        {
            LogDropped(module, dropped);
        }

        _logger.Log(logLevel, eventId, state, exception, formatter);
    }

    [LoggerMessage(EventId = 33, Level = LogLevel.Warning, Message = "{Module}: {Lines} lines about its requests were dropped, because there were more per second than are kept")]
    private partial void LogDropped(string module, long lines);
}
