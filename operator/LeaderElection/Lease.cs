using Wagi.Operator.ApiServer;

namespace Wagi.Operator.LeaderElection;

/// <summary>The parts of <c>coordination.k8s.io/v1 Lease</c> that an election needs.</summary>
internal sealed record Lease
{
    public required PartialMetadata Metadata { get; init; }

    public LeaseSpec Spec
    {
        // Not an initializer: the generated JSON reader loses it when the member is missing.
        get => field ?? new();
        init;
    }
}
