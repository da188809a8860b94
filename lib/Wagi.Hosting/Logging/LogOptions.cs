using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Wagi.Hosting.Logging;

/// <summary>How a program logs. Everything goes to stderr: stdout belongs to what a command prints.</summary>
public sealed record LogOptions
{
    /// <summary>One JSON object a line instead of plain lines.</summary>
    public bool Json { get; init; }

    /// <summary>The lowest level that is logged.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;

    /// <summary>Adds these settings to a logging builder.</summary>
    public void Configure(ILoggingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.ClearProviders();
        builder.SetMinimumLevel(Level);

        // The framework's own lines say nothing about modules; its warnings do.
        builder.AddFilter("Microsoft", Level > LogLevel.Debug ? LogLevel.Warning : Level);
        // What it would log as an error (an address in use), the program says in a sentence when it ends.
        builder.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        if (Json)
        {
            builder.AddJsonConsole(console =>
            {
                console.UseUtcTimestamp = true;
                console.TimestampFormat = LogTime.Format;
            });
        }
        else
        {
            builder.AddConsole(console => console.FormatterName = LineFormatter.FormatterName);
            builder.Services.AddSingleton<ConsoleFormatter, LineFormatter>();
        }

        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
