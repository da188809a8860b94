using Wagi.Operator.ApiServer;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Runtimes;

/// <summary>The parts of a runtime's <c>v1 Pod</c> that are used here.</summary>
internal sealed record RuntimePod
{
    public required RuntimePodMetadata Metadata { get; init; }

    public RuntimePodStatus? Status { get; init; }

    public ObjectIdentity Identity => new(new ObjectKey(Metadata.Namespace, Metadata.Name), Metadata.ResourceVersion);

    /// <summary>Whether it serves or is about to: not one that is being scheduled, ends or has ended.</summary>
    public bool IsRunning => Metadata.DeletionTimestamp is null && Status is { Phase: "Running", PodIP.Length: > 0 };

    /// <summary>Whether requests are sent to it: the pod's own condition <c>Ready</c>.</summary>
    public bool IsReady => Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) ?? false;
}
