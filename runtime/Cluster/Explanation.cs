using System.Globalization;
using System.Text;
using Wagi.Kubernetes.Resources;

namespace Wagi.Runtime.Cluster;

/// <summary>Why a WagiModule is ready or not: its conditions in the order in which they are reached, what each means, and what to do.</summary>
internal static class Explanation
{
    /// <summary>What to ask when no operator has looked at a WagiModule.</summary>
    public const string OperatorQuestion = "Does one run, and is it the one of its class?";

    /// <summary>The command that answers it.</summary>
    public const string OperatorCommand = "  kubectl get pods --all-namespaces --selector app.kubernetes.io/component=operator";

    /// <param name="module">The WagiModule.</param>
    /// <param name="events">What was reported about it; null: unknown.</param>
    /// <param name="now">The present.</param>
    public static string Of(WagiModule module, IReadOnlyList<ModuleEvent>? events, DateTimeOffset now)
    {
        var text = new StringBuilder();
        var conditions = module.Status?.Conditions ?? [];
        var ready = conditions.FirstOrDefault(condition => condition.Type == ConditionType.Ready);
        Line(text, $"{module.Key} is {(ready?.Status == ConditionStatus.True ? "ready" : "not ready")}: {module.Spec.Route} → {module.Spec.Module}");
        if (conditions.Count == 0)
        {
            Line(text, "");
            Line(text, $"No operator has looked at it. {OperatorQuestion}");
            Line(text, OperatorCommand);
        }
        else if (module.Status?.ObservedGeneration is { } observed && observed < module.Metadata.Generation)
        {
            Line(text, $"What follows is about generation {observed} of its spec: the operator has not looked at {module.Metadata.Generation} yet.");
        }

        var known = ConditionCatalog.All.Select(entry => entry.Type).ToList();
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var condition in conditions.OrderBy(condition => known.IndexOf(condition.Type) is var index and >= 0 ? index : known.Count))
        {
            Line(text, "");
            Line(text, $"{condition.Type}: {condition.Status}, {condition.Reason}, for {Age(now - condition.LastTransitionTime)}");
            Line(text, $"  {condition.Message}");
            foreach (var (_, meaning, _, _) in ConditionCatalog.All.Where(entry => entry.Type == condition.Type))
            {
                Line(text, $"  (True means: {meaning.Replace("`", "", StringComparison.Ordinal)})");
            }

            // Ready and Stalled repeat the reason of the condition that is in their way.
            if (ReasonAdvice.All.TryGetValue(condition.Reason, out var advice) && told.Add(condition.Reason))
            {
                Line(text, $"  What to do: {advice.Text}");
                Line(text, $"    {advice.CommandFor(module)}");
            }
        }

        AddEvents(text, events, now);
        return text.ToString();
    }

    private static void AddEvents(StringBuilder text, IReadOnlyList<ModuleEvent>? events, DateTimeOffset now)
    {
        Line(text, "");
        if (events is not { Count: > 0 })
        {
            Line(text, events is null ? "Events: you may not read them" : "Events: none in the last hour");
            return;
        }

        Line(text, "Events:");
        foreach (var happened in events)
        {
            var age = happened.Time is { } time ? $"{Age(now - time)} ago" : "some time ago";
            var times = happened.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" ({happened.Count} times)") : "";
            Line(text, $"  {age}: {happened.Type} {happened.Reason}: {happened.Message}{times}");
        }
    }

    /// <summary>As kubectl writes ages, in its largest unit.</summary>
    private static string Age(TimeSpan age) => age switch
    {
        { TotalDays: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays}d"),
        { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours}h"),
        { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (int)age.TotalSeconds)}s"),
    };

    private static void Line(StringBuilder text, string line) => text.Append(Terminal.OneLine(line)).Append('\n');
}
