namespace Wagi.Modules.Problems;

/// <summary>Something wrong in a configuration file: where, what, and what to do about it.</summary>
/// <param name="Location">Where it is.</param>
/// <param name="Severity">Whether the entry is still used.</param>
/// <param name="Message">What is wrong, as one sentence without a final period.</param>
/// <param name="Hint">What to do; null when the message says it all.</param>
public sealed record Problem(SourceLocation Location, ProblemSeverity Severity, string Message, string? Hint = null)
{
    // Messages quote what the file says, which may be of any length.
    private const int MaxMessageLength = 500;

    /// <summary>What is wrong, as one sentence without a final period; cut off where it is too long to be read.</summary>
    public string Message { get; init; } = Message.Length <= MaxMessageLength ? Message : Message[..MaxMessageLength] + '…';

    /// <summary><c>file:line:column: error: message (hint)</c>, one line, the way compilers print errors.</summary>
    public override string ToString()
    {
        var severity = Severity == ProblemSeverity.Error ? "error" : "warning";
        return Hint is null ? $"{Location}: {severity}: {Message}" : $"{Location}: {severity}: {Message} ({Hint})";
    }
}

/// <summary>What a problem means for the entry that has it.</summary>
public enum ProblemSeverity
{
    /// <summary>The entry is used anyway.</summary>
    Warning,

    /// <summary>The entry is not used.</summary>
    Error,
}

/// <summary>A place in a configuration file. Lines and columns count from 1; 0 is unknown.</summary>
public readonly record struct SourceLocation(string File, int Line, int Column)
{
    /// <summary><c>file:line:column</c>, which editors turn into a link; unknown parts are left out.</summary>
    public override string ToString() => (Line, Column) switch
    {
        (0, _) => File,
        (_, 0) => $"{File}:{Line}",
        _ => $"{File}:{Line}:{Column}",
    };
}
