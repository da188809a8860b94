using System.Collections.Immutable;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Sources;
using Wagi.Operator.Classes;

namespace Wagi.Operator.Planning;

/// <summary>Holds WagiModules against the rules of their class.</summary>
internal sealed class ClassJudge(PlanInput input, ClassRules rules)
{
    private readonly ClassKeys _keys = new(rules, (secret, key) => input.Secrets.TryGetValue(secret, out var content)
        ? content is null
            ? (null, $"Secret {secret} does not exist")
            : content.Data.TryGetValue(key, out var value) ? (value, null) : (null, $"Secret {secret} has no key '{key}'")
        : (null, $"Secret {secret} has not been read yet"));

    /// <summary>What is wrong with the keys of the class, as a sentence; null: nothing.</summary>
    public string? Problems => string.Join("; ", _keys.Problems) is { Length: > 0 } problems ? problems : null;

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
        draft = draft with
        {
            SignatureKeys = KeysFor(draft.Module, "spec.module"),
            Files = [.. draft.Files.Select((mount, i) => mount with { SignatureKeys = KeysFor(mount.Reference, $"spec.files[{i}].reference") })],
        };
        candidate.Spec = spec with { Draft = draft };
        if (problems.Count > 0)
        {
            candidate.Refusal ??= NotAllowed(string.Join("; ", problems));
        }

        ImmutableArray<string> KeysFor(ModuleReference reference, string field)
        {
            if (rules.SignatureFor(reference, tenant) is not { } signature)
            {
                return [];
            }

            var keys = _keys.Of(signature);
            if (keys.IsEmpty)
            {
                problems.Add(rules.Broken(field, $"needs a signature, and there is no key to check it with: {Problems}", signature.Field));
            }

            return keys;
        }
    }

    private static Refusal NotAllowed(string message) => new(ConditionReason.NotAllowedByClass, message, KeepsLastGood: true);
}
