using System.CommandLine;
using Microsoft.Extensions.Logging;

namespace Wagi.Hosting.Logging;

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

    /// <summary>The options, to be added to a command.</summary>
    public IReadOnlyList<Option> Options => [_format, _level];

    /// <summary>What the arguments say.</summary>
    public LogOptions Read(ParseResult arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return new LogOptions { Json = arguments.GetValue(_format) == "json", Level = arguments.GetValue(_level) };
    }
}
