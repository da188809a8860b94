using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Wagi.Operator.ApiServer;

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

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Lease))]
internal sealed partial class LeaseJsonContext : JsonSerializerContext;
