using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Classes;
using Wagi.Operator.Informers;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Reconciling;

/// <summary>The class that an operator serves, as it stands now; the last rules that could be read hold until there are others.</summary>
/// <param name="classes">All classes; null: they cannot be seen.</param>
/// <param name="namespaces">The namespaces; null: they cannot be seen, and there is no class.</param>
/// <param name="name">The class; null: the operator has none.</param>
/// <param name="operatorNamespace">The operator's namespace.</param>
internal sealed class OwnClass(
    Informer<WagiClass>? classes, Informer<TenantNamespace>? namespaces, string? name, string operatorNamespace)
{
    private ClassRules? _rules;

    /// <summary>What the class says, or why nothing can be decided now.</summary>
    public ClassReading Read()
    {
        var roster = new ClassRoster(classes?.Objects.Values, name);
        if (roster.IsMissing)
        {
            return new ClassReading(roster) { Trouble = $"WagiClass '{name}' does not exist" };
        }

        if (roster.Own is not { } own)
        {
            return new ClassReading(roster);
        }

        if (own.Spec.Runtimes?.Namespace is { Length: > 0 } other && other != operatorNamespace)
        {
            return new ClassReading(roster) { Trouble = $"WagiClass '{name}' belongs to the runtimes in namespace '{other}', and this operator is in '{operatorNamespace}'" };
        }

        if (ClassReader.TryRead(own, operatorNamespace, out var rules, out var problems))
        {
            _rules = rules;
            return new ClassReading(roster) { Rules = rules };
        }

        var message = string.Join("; ", problems);
        return _rules is null
            ? new ClassReading(roster) { Problems = message, Trouble = $"WagiClass '{name}' cannot be read: {message}" }
            : new ClassReading(roster) { Problems = message, Rules = _rules };
    }

    /// <summary>The namespaces that have been seen, by name.</summary>
    public IReadOnlyDictionary<string, TenantNamespace> Namespaces =>
        namespaces?.Objects.Values.ToDictionary(item => item.Name, StringComparer.Ordinal) ?? [];

    /// <summary>Whether a runtime pod is one of the class.</summary>
    public bool Selects(IReadOnlyDictionary<string, string?> labels) =>
        name is null || classes?.Objects.GetValueOrDefault(WagiClasses.KeyOf(name)) is not { Spec.Runtimes: { } runtimes }
        || LabelMatch.HasAll(labels, runtimes.MatchLabels);
}

/// <summary>A class as it was read.</summary>
/// <param name="Roster">Which WagiModules are the operator's.</param>
internal sealed record ClassReading(ClassRoster Roster)
{
    /// <summary>The rules in force; null: there are none, because the operator has no class, or because there is <see cref="Trouble"/>.</summary>
    public ClassRules? Rules { get; init; }

    /// <summary>What is wrong with the rules as they stand now; null: they are in force.</summary>
    public string? Problems { get; init; }

    /// <summary>Why nothing may be decided, as a sentence; null: it may.</summary>
    public string? Trouble { get; init; }
}
