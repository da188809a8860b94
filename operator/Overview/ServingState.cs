using Wagi.Kubernetes.Resources;
using Wagi.Modules.Status;

namespace Wagi.Operator.Overview;

/// <summary>What becomes of a WagiModule, in a word.</summary>
internal enum ServingState
{
    /// <summary>Every runtime serves it as specified.</summary>
    Serving,

    /// <summary>What it says now is on its way to the runtimes.</summary>
    Updating,

    /// <summary>Some runtimes serve it as specified, others do not.</summary>
    Partly,

    /// <summary>What it says now fails, and the version before it is served.</summary>
    LastGood,

    /// <summary>The runtimes were told to serve it, and none is known to.</summary>
    Failing,

    /// <summary>The runtimes have not been told to serve it.</summary>
    NotProgrammed,

    /// <summary>Its spec says that it stays as it is.</summary>
    Suspended,

    /// <summary>No operator has looked at it.</summary>
    Unseen,
}

/// <summary>Makes a state of conditions.</summary>
internal static class ServingStates
{
    /// <summary>The state of a WagiModule with a status.</summary>
    public static ServingState Of(WagiModuleStatus? status)
    {
        if (Find(status, ConditionType.Ready) is not { } ready || Find(status, ConditionType.Programmed) is not { } programmed)
        {
            return ServingState.Unseen;
        }

        return (programmed, ready) switch
        {
            ({ Reason: ConditionReason.Suspended }, _) => ServingState.Suspended,
            (_, { Status: ConditionStatus.True }) => ServingState.Serving,
            (_, { Reason: ConditionReason.Updating or ConditionReason.WriteDelayed or ConditionReason.Resolving or ModuleReason.Loading or ModuleReason.SecretsPending }) =>
                ServingState.Updating,
            _ when status!.ResolvedModule is null => ServingState.NotProgrammed,
            ({ Status: not ConditionStatus.True }, _) => ServingState.LastGood,
            _ when status.Runtimes?.Ready > 0 => ServingState.Partly,
            (_, { Reason: not ConditionReason.RuntimeUnreachable }) when status.Routes is { Count: > 0 } => ServingState.LastGood,
            _ => ServingState.Failing,
        };
    }

    /// <summary>The condition of that type; null when it is absent.</summary>
    public static Condition? Find(WagiModuleStatus? status, string type) => status?.Conditions?.FirstOrDefault(condition => condition.Type == type);
}
