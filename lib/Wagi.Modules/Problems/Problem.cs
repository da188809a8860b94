namespace Wagi.Modules.Problems;

/// <summary>Something wrong in a configuration file: where, what, and what to do about it.</summary>
/// <param name="Location">Where it stands.</param>
/// <param name="Severity">Whether the entry is still used.</param>
/// <param name="Message">What is wrong, as one sentence without a final period.</param>
/// <param name="Hint">What to do, or null where the message says it all.</param>
public sealed record Problem(SourceLocation Location, ProblemSeverity Severity, string Message, string? Hint = null)
{
    // Messages quote what the file says, which may be of any length.
    private const int MaxMessageLength = 500;

    /// <summary>What is wrong, as one sentence without a final period; cut off where it is too long to be read.</summary>
    public string Message { get; init; } = Message.Length <= MaxMessageLength ? Message : Message[..MaxMessageLength] + '…';

    /// <summary><c>file:line:column: error: message (hint)</c>, one line, in the form of compilers.</summary>
    public override string ToString()
    {
        var severity = Severity == ProblemSeverity.Error ? "error" : "warning";
        return Hint is null ? $"{Location}: {severity}: {Message}" : $"{Location}: {severity}: {Message} ({Hint})";
    }
}
