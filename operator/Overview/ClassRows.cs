using System.Collections.Immutable;
using System.Globalization;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Limits;
using Wagi.Operator.Classes;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Overview;

/// <summary>What the console says about classes.</summary>
internal static class ClassRows
{
    /// <summary>So many namespaces of a class are named.</summary>
    private const int Named = 100;

    /// <summary>A row for each class, and one for each that WagiModules name although there is none; the operator's own comes first.</summary>
    /// <param name="classes">The classes that are there.</param>
    /// <param name="own">The operator's; null: it serves the WagiModules that have none.</param>
    /// <param name="modules">How many WagiModules each name has; empty: no class.</param>
    /// <param name="namespaces">The namespaces; null: they cannot be seen.</param>
    /// <param name="plan">The operator's plan; null: it has none.</param>
    public static ImmutableArray<ClassRow> Of(
        IEnumerable<WagiClass> classes, string? own, IReadOnlyDictionary<string, int> modules, IReadOnlyCollection<TenantNamespace>? namespaces, Plan? plan)
    {
        var byName = classes.ToDictionary(item => item.Name, StringComparer.Ordinal);
        return
        [
            .. byName.Keys.Union(modules.Keys).Union([own ?? ""])
                .OrderByDescending(name => name == (own ?? ""))
                .ThenBy(name => name, StringComparer.Ordinal)
                .Select(name => RowOf(name, byName.GetValueOrDefault(name), name == (own ?? ""))),
        ];

        ClassRow RowOf(string name, WagiClass? item, bool isOwn)
        {
            var served = item is null || namespaces is null
                ? null
                : namespaces.Where(tenant => item.Spec.Namespaces?.Selects(tenant.Labels) ?? true).Select(tenant => tenant.Name).Order(StringComparer.Ordinal).ToList();
            return new ClassRow
            {
                Name = name,
                IsOwn = isOwn,
                IsDefault = item?.IsDefault ?? false,
                Exists = item is not null,
                Modules = modules.GetValueOrDefault(name),
                Accepted = item?.Status?.Conditions?.FirstOrDefault(condition => condition.Type == ConditionType.Accepted) is { } accepted ? ModulePages.RowOf(accepted) : null,
                Rules = item is null ? [] : [.. RulesOf(item.Spec)],
                Namespaces = served is null ? null : [.. served.Take(Named)],
                NamespaceCount = served?.Count ?? 0,
                MaxModules = item?.Spec.Budget?.Modules,
                MaxBytes = ByteSize.TryParse(item?.Spec.Budget?.Bytes, out var bytes, out _) ? bytes : null,
                Use = isOwn ? UseOf(plan) : null,
            };
        }
    }

    private static ImmutableArray<UseRow>? UseOf(Plan? plan) => plan is null
        ? null
        :
        [
            .. plan.Use.OrderByDescending(use => use.Value.Bytes).ThenBy(use => use.Key, StringComparer.Ordinal).Take(Named)
                .Select(use => new UseRow(use.Key, use.Value.Modules, use.Value.Bytes)),
        ];

    /// <summary>The rules as they are written: what is not there bounds nothing.</summary>
    private static IEnumerable<OverviewFact> RulesOf(WagiClassSpec spec)
    {
        var limits = spec.Limits;
        (string Name, string? Value)[] rules =
        [
            ("runtimes", TextOf(spec.Runtimes)),
            ("namespaces", TextOf(spec.Namespaces)),
            ("routes", spec.Routes?.Mode == ClassRoutes.Prefix ? "/NAMESPACE and below, or the namespace's own prefix" : null),
            ("hosts", TextOf(spec.Hosts)),
            ("outbound origins", TextOf(spec.AllowedHosts)),
            ("registries", TextOf(spec.Registries)),
            ("Bindle servers", TextOf(spec.BindleServers)),
            ("timeout", Bound(limits?.Timeout?.Default, limits?.Timeout?.Max)),
            ("memory of an instance", Bound(limits?.MemoryLimit?.Default, limits?.MemoryLimit?.Max)),
            ("requests at a time", Bound(Number(limits?.MaxConcurrency?.Default), Number(limits?.MaxConcurrency?.Max))),
            ("outbound requests at a time", Bound(Number(limits?.HttpMaxConcurrency?.Default), Number(limits?.HttpMaxConcurrency?.Max))),
            ("rate limit", Bound(limits?.RateLimit?.Default, limits?.RateLimit?.Max)),
            ("credentials of clients", spec.PassAuthorization == false ? "for no module" : null),
            .. (spec.Signatures ?? []).OfType<ClassSignature>().Select(signature =>
                ("signature", (string?)$"by one of {signature.Keys?.Count ?? 0} keys, for {TextOf(signature.Registries)}")),
        ];
        return rules.Where(rule => !string.IsNullOrEmpty(rule.Value)).Select(rule => new OverviewFact(rule.Name, rule.Value!));
    }

    private static string? TextOf(ClassRuntimes? runtimes) => runtimes is null
        ? null
        : string.Join(", ", new[] { runtimes.Namespace is { Length: > 0 } name ? $"namespace {name}" : null }.OfType<string>().Concat(TextOf(runtimes.MatchLabels)));

    private static string? TextOf(LabelSelector? selector) => selector is null
        ? null
        : string.Join(", ", TextOf(selector.MatchLabels).Concat((selector.MatchExpressions ?? []).OfType<LabelRequirement>().Select(requirement =>
            $"{requirement.Key} {requirement.Operator}{(requirement.Values is { Count: > 0 } values ? $" ({string.Join(", ", values)})" : "")}")));

    private static IEnumerable<string> TextOf(IReadOnlyDictionary<string, string?>? labels) =>
        (labels ?? new Dictionary<string, string?>()).OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}");

    private static string? TextOf(IReadOnlyList<string?>? patterns) => patterns switch
    {
        null => null,
        [] => "none",
        _ => string.Join(", ", patterns),
    };

    private static string? Bound(string? whenSilent, string? max) => (whenSilent, max) switch
    {
        (null, null) => null,
        (null, _) => $"at most {max}",
        (_, null) => $"{whenSilent} unless the module says otherwise",
        _ => $"{whenSilent} unless the module says otherwise, at most {max}",
    };

    private static string? Number(int? value) => value?.ToString(CultureInfo.InvariantCulture);
}
