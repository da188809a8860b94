using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Wagi.Hosting.Logging;

/// <summary>How a program logs. Everything goes to stderr: stdout belongs to what a command prints.</summary>
public sealed record LogOptions
{
    /// <summary>Name of the meter that counts lines.</summary>
    public const string MeterName = "Wagi.Logging";

    /// <summary>One JSON object a line instead of plain lines.</summary>
    public bool Json { get; init; }

    /// <summary>The lowest level that is logged.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;

    /// <summary>Adds these settings to a logging builder.</summary>
    public void Configure(ILoggingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        Filter(builder);
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
            builder.Services.AddSingleton<ConsoleFormatter, LineFormatter>();
        }

        // Of the framework's console, the formatters are all that is needed.
        var format = Json ? ConsoleFormatterNames.Json : LineFormatter.FormatterName;
        builder.ClearProviders();
        builder.Services.AddSingleton<ILoggerProvider>(
            services => new LogWriter(services.GetServices<ConsoleFormatter>().Single(formatter => formatter.Name == format), Console.Error));
    }

    /// <summary>Only says what is logged, and not how.</summary>
    public void Filter(ILoggingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.SetMinimumLevel(Level);

        // The framework's own lines say nothing about modules; its warnings do.
        builder.AddFilter("Microsoft", Level > LogLevel.Debug ? LogLevel.Warning : Level);
        // What it would log as an error (an address in use), the program itself reports in one sentence when it ends.
        builder.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }
}

/// <summary>The options of a command that logs.</summary>
public sealed class LogArguments
{
    private readonly Option<string> _format = new("--log-format")
    {
        Description = "How to log.",
        HelpName = "text|json",
        DefaultValueFactory = _ => "text",
    };

    private readonly Option<LogLevel> _level = new("--log-level")
    {
        Description = "The lowest level that is logged.",
        DefaultValueFactory = _ => LogLevel.Information,
    };

    /// <summary>Creates the options.</summary>
    public LogArguments() => _format.AcceptOnlyFromAmong("text", "json");

    /// <summary>The options, for the command to add.</summary>
    public IReadOnlyList<Option> Options => [_format, _level];

    /// <summary>What the arguments say.</summary>
    public LogOptions Read(ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return new LogOptions { Json = arguments.GetValue(_format) == "json", Level = arguments.GetValue(_level) };
    }
}
