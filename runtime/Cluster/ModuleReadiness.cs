using Wagi.Kubernetes.Resources;

namespace Wagi.Runtime.Cluster;

/// <summary>Follows a WagiModule from a change of its spec until it is ready, or will not be.</summary>
/// <param name="generation">The generation of the spec that has to become ready.</param>
internal sealed class ModuleReadiness(long generation)
{
    private readonly Dictionary<string, string> _told = new(StringComparer.Ordinal);

    /// <summary>The condition that says why it is not ready; null: nobody has said anything about this generation.</summary>
    public Condition? Trouble { get; private set; }

    /// <summary>Whether the spec is served by every runtime.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Whether waiting does not help.</summary>
    public bool IsStalled { get; private set; }

    /// <summary>Looks at the WagiModule as it is now, and returns what is new about it: a line for each condition that changed.</summary>
    public IReadOnlyList<string> Look(WagiModule module)
    {
        var conditions = (module.Status?.Conditions ?? []).Where(condition => (condition.ObservedGeneration ?? 0) >= generation).ToList();
        var ready = conditions.Find(condition => condition.Type == ConditionType.Ready);
        IsReady = ready?.Status == ConditionStatus.True;
        IsStalled = conditions.Exists(condition => condition is { Type: ConditionType.Stalled, Status: ConditionStatus.True });
        Trouble = IsReady ? null : ready;

        // What keeps it from being ready for good is said by whoever asked, once.
        return [.. conditions.Where(condition => !IsStalled || condition.Status == ConditionStatus.True).Where(IsOwnNews).Select(Describe).OfType<string>()];

        bool IsOwnNews(Condition condition) => condition.Type switch
        {
            ConditionType.Accepted or ConditionType.Resolved => true,
            ConditionType.Programmed => condition.Reason is not (ConditionReason.NotAccepted or ConditionReason.NotResolved),
            ConditionType.Ready => !conditions.Exists(other => other.Type != ConditionType.Ready && other.Status != ConditionStatus.True && other.Reason == condition.Reason),
            _ => false,
        };
    }

    private string? Describe(Condition condition)
    {
        if (condition.Reason == ConditionReason.NotAccepted)
        {
            return null;
        }

        var line = condition.Status == ConditionStatus.True
            ? $"{condition.Type}: {Terminal.OneLine(condition.Message)}"
            : $"{condition.Type} is {condition.Status}, {condition.Reason}: {Terminal.OneLine(condition.Message)}";
        return _told.TryGetValue(condition.Type, out var told) && told == line ? null : _told[condition.Type] = line;
    }
}
