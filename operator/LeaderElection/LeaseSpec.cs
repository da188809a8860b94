namespace Wagi.Operator.LeaderElection;

/// <summary>Who leads, and until when.</summary>
internal sealed record LeaseSpec
{
    /// <summary>Who leads; empty or null: nobody.</summary>
    public string? HolderIdentity { get; init; }

    /// <summary>Seconds after <see cref="RenewTime"/> during which nobody else may take it.</summary>
    public int? LeaseDurationSeconds { get; init; }

    public DateTimeOffset? AcquireTime { get; init; }

    public DateTimeOffset? RenewTime { get; init; }

    /// <summary>How often the holder changed.</summary>
    public int? LeaseTransitions { get; init; }
}
