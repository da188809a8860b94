using Wagi.Kubernetes.Resources;

namespace Wagi.Operator.Planning;

/// <summary>Puts conditions together: a condition whose status stays keeps the time of its last transition.</summary>
internal sealed class StatusBuilder
{
    private static readonly string[] Types =
        [ConditionType.Accepted, ConditionType.Resolved, ConditionType.Programmed, ConditionType.Ready, ConditionType.Stalled];

    private readonly WagiModule _module;
    private readonly DateTimeOffset _now;
    private readonly Dictionary<string, Condition> _previous;
    private readonly List<Condition> _conditions = [];

    public StatusBuilder(WagiModule module, DateTimeOffset now)
    {
        _module = module;
        _now = new DateTimeOffset(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        _previous = Ours(module.Status).ToDictionary(condition => condition.Type, StringComparer.Ordinal);
    }

    /// <summary>The conditions so far, in order.</summary>
    public IReadOnlyList<Condition> Conditions => _conditions;

    /// <summary>The condition that the WagiModule has now; null when it has none of that type.</summary>
    public Condition? Previous(string type) => _previous.GetValueOrDefault(type);

    /// <summary>Adds a condition. Its message is shortened to what a condition and an event may say.</summary>
    public void Set(string type, string status, string reason, string message)
    {
        var transition = Previous(type) is { } previous && previous.Status == status ? previous.LastTransitionTime : _now;
        _conditions.Add(new Condition
        {
            Type = type,
            Status = status,
            ObservedGeneration = _module.Metadata.Generation,
            LastTransitionTime = transition,
            Reason = reason,
            Message = BoundedText.Shorten(message, BoundedText.Message),
        });
    }

    /// <summary>
    /// Whether <paramref name="status"/> differs from the one that the WagiModule has. Conditions of other writers do not count.
    /// </summary>
    public bool IsChange(WagiModuleStatus status) =>
        _module.Status is null || !status.IsWrittenAs(_module.Status with { Conditions = [.. Ours(_module.Status)] });

    private static IEnumerable<Condition> Ours(WagiModuleStatus? status) =>
        Types.Select(type => status?.Conditions?.FirstOrDefault(condition => condition.Type == type)).OfType<Condition>();
}
