using Wagi.Operator.ApiServer;
using Wagi.Operator.Planning;

namespace Wagi.Operator.LeaderElection;

/// <summary>Which Lease, who runs for it, and how fast a leader that vanished is replaced. The defaults are client-go's.</summary>
internal sealed record LeaderElectionOptions
{
    /// <summary>The Lease that all instances share.</summary>
    public required ObjectKey Lease { get; init; }

    /// <summary>Name of this instance, different from every other one's.</summary>
    public required string Identity { get; init; }

    /// <summary>How long a leader that vanished is waited for.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the leader tries to renew before it steps down; shorter than <see cref="LeaseDuration"/>, so that there are never two.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the leader renews and the others look.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}
