using Wagi.Kubernetes.Resources;

namespace Wagi.Operator.Classes;

/// <summary>Selects by labels (<c>metav1.LabelSelector</c>): all that it says must hold, and an empty selector selects everything.</summary>
internal static class LabelMatch
{
    /// <summary>Whether labels are selected.</summary>
    public static bool Selects(this LabelSelector selector, IReadOnlyDictionary<string, string?> labels) =>
        HasAll(labels, selector.MatchLabels)
        && (selector.MatchExpressions ?? []).All(requirement => requirement is null || Holds(requirement, labels));

    /// <summary>Whether all of some labels are there.</summary>
    public static bool HasAll(IReadOnlyDictionary<string, string?> labels, IReadOnlyDictionary<string, string?>? wanted) =>
        (wanted ?? new Dictionary<string, string?>()).All(label => labels.TryGetValue(label.Key, out var value) && (value ?? "") == (label.Value ?? ""));

    /// <summary>As the API server has it, an operator that is not known selects nothing.</summary>
    private static bool Holds(LabelRequirement requirement, IReadOnlyDictionary<string, string?> labels)
    {
        var value = labels.TryGetValue(requirement.Key ?? "", out var known) ? known ?? "" : null;
        var isListed = value is not null && (requirement.Values ?? []).Contains(value, StringComparer.Ordinal);
        return requirement.Operator switch
        {
            LabelRequirement.In => isListed,
            LabelRequirement.NotIn => !isListed,
            LabelRequirement.Exists => value is not null,
            LabelRequirement.DoesNotExist => value is null,
            _ => false,
        };
    }
}
