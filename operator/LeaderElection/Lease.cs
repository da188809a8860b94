using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Operator.LeaderElection;

/// <summary>The parts of <c>coordination.k8s.io/v1 Lease</c> that an election needs.</summary>
internal sealed record Lease
{
    public required PartialMetadata Metadata { get; init; }

    [AllowNull]
    public LeaseSpec Spec { get => field ?? new(); init; }
}

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

/// <summary>
/// The Lease, the candidate, and how soon a leader that has vanished is replaced: after the duration of the Lease and at most two retry
/// periods, one for a renewal that the others had not seen yet, one until they look again.
/// </summary>
internal sealed record LeaderElectionOptions
{
    /// <summary>The Lease that all instances share.</summary>
    public required ObjectKey Lease { get; init; }

    /// <summary>Name of this instance, different from every other one's.</summary>
    public required string Identity { get; init; }

    /// <summary>How long the others wait for a leader that has vanished.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long after the last renewal the leader's work is cancelled; shorter than <see cref="LeaseDuration"/>, so that two never write at once.
    /// </summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>How long one attempt to renew may take, so that another one fits before the deadline.</summary>
    public TimeSpan RequestTimeout => RenewDeadline / 2;

    /// <summary>How often the leader renews and the others look.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Lease))]
internal sealed partial class LeaseJsonContext : JsonSerializerContext;
