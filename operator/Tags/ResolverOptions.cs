namespace Wagi.Operator.Tags;

/// <summary>How often registries are asked.</summary>
internal sealed record ResolverOptions
{
    /// <summary>How long an answer counts before the registry is asked again, because tags move.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The first pause after a failure that may pass by itself.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest pause after such failures.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The first pause after a failure that somebody has to mend, such as a tag that does not exist: it may be pushed any moment.</summary>
    public TimeSpan FirstRetryOfFinal { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a registry may take for one answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Questions under way at the most per registry: a slow one holds nobody up who uses another.</summary>
    public int ParallelPerRegistry { get; init; } = 8;
}
