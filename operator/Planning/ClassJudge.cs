using System.Collections.Immutable;
using System.Text;
using Wagi.Operator.Classes;
using Wagi.Operator.Resources;

namespace Wagi.Operator.Planning;

/// <summary>Holds WagiModules against the rules of their class.</summary>
internal sealed class ClassJudge(PlanInput input, ClassRules rules)
{
    /// <summary>
    /// Fills in what the spec leaves to the class, and refuses what the class does not allow. A last good version that reaches further than the class
    /// allows now is not served any more; one that merely exceeds a bound is, until its WagiModule changes.
    /// </summary>
    public void Judge(Candidate candidate)
    {
        if (candidate.Refusal is { KeepsLastGood: false })
        {
            return;
        }

        var name = candidate.Key.Namespace;
        if (!input.Namespaces.TryGetValue(name, out var tenant))
        {
            // The WagiModule has been heard of before its Namespace. Its labels decide, so nothing is decided yet.
            candidate.Refusal ??= NotAllowed(rules.Broken("metadata.namespace", $"namespace '{name}' has not been seen yet", "namespaces", orNamespace: true));
            return;
        }

        if (candidate.LastGood is { } last && rules.Reach(last.Entry, tenant).Any())
        {
            candidate.LastGood = null;
        }

        if (candidate.Spec is not { } spec)
        {
            return;
        }

        var draft = rules.Complete(spec.Draft);
        var problems = rules.Reach(draft, tenant).Concat(rules.Excess(draft)).ToList();
        candidate.Spec = spec with { Draft = draft };
        if (problems.Count > 0)
        {
            candidate.Refusal ??= NotAllowed(string.Join("; ", problems));
        }
    }

    private static Refusal NotAllowed(string message) => new(ConditionReason.NotAllowedByClass, message, KeepsLastGood: true);
}
