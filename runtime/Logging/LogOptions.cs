using Microsoft.Extensions.Logging.Console;

namespace Wagi.Runtime.Logging;

/// <summary>How the program logs. Everything goes to stderr: stdout belongs to what a command prints.</summary>
internal sealed record LogOptions
{
    /// <summary>One JSON object a line instead of plain lines.</summary>
    public bool Json { get; init; }

    /// <summary>The lowest level that is logged.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;

    /// <summary>Adds these settings to a logging builder.</summary>
    public void Configure(ILoggingBuilder builder)
    {
        builder.ClearProviders();
        builder.SetMinimumLevel(Level);

        // The framework's own lines say nothing about modules; its warnings do.
        builder.AddFilter("Microsoft", Level > LogLevel.Debug ? LogLevel.Warning : Level);
        if (Json)
        {
            builder.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            builder.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            });
        }

        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
