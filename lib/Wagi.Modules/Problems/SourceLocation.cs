namespace Wagi.Modules.Problems;

/// <summary>A place in a configuration file. Lines and columns count from 1; 0 means unknown.</summary>
public readonly record struct SourceLocation(string File, int Line, int Column)
{
    /// <summary><c>file:line:column</c>, the form that editors turn into a link; parts that are unknown are left out.</summary>
    public override string ToString() => (Line, Column) switch
    {
        (0, _) => File,
        (_, 0) => $"{File}:{Line}",
        _ => $"{File}:{Line}:{Column}",
    };
}
