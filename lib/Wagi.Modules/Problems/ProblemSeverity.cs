namespace Wagi.Modules.Problems;

/// <summary>What a problem does to the entry that it was found in.</summary>
public enum ProblemSeverity
{
    /// <summary>The entry is used all the same.</summary>
    Warning,

    /// <summary>The entry is not used.</summary>
    Error,
}
