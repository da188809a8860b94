namespace Wagi.Operator.Planning;

/// <summary>What became of the references in a spec: the condition <c>Resolved</c>, and the entry when all were found.</summary>
internal sealed record ResolvedSpec
{
    /// <summary>Status of the condition.</summary>
    public required string Status { get; init; }

    /// <summary>Reason of the condition.</summary>
    public required string Reason { get; init; }

    /// <summary>Message of the condition.</summary>
    public required string Message { get; init; }

    /// <summary>Whether nothing changes before somebody changes something.</summary>
    public bool IsStalled { get; init; }

    /// <summary>The complete entry; null unless everything was found.</summary>
    public ProgrammedEntry? Entry { get; init; }

    /// <summary>The module with its tag and its digest, for people; null unless everything was found.</summary>
    public string? Module { get; init; }
}
