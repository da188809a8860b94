using System.Diagnostics.CodeAnalysis;
using Wagi.Operator.ApiServer;

namespace Wagi.Operator.LeaderElection;

/// <summary>The parts of <c>coordination.k8s.io/v1 Lease</c> that an election needs.</summary>
internal sealed record Lease
{
    public required PartialMetadata Metadata { get; init; }

    [AllowNull]
    public LeaseSpec Spec { get => field ?? new(); init; }
}
