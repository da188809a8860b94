using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Problems;
using Wagi.Operator.Classes;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Rendering;

/// <summary>
/// Plans manifests as the operator plans a cluster, and finds the line of every problem. Pure functions of the manifests.
/// </summary>
internal sealed class Renderer
{
    private readonly Dictionary<ObjectKey, ModuleManifest> _manifests = [];
    private readonly Dictionary<ObjectKey, SecretContent> _secrets = [];
    private readonly Dictionary<ObjectKey, ConfigMapContent> _configMaps = [];
    private readonly HashSet<ObjectKey> _unread = [];
    private readonly List<Problem> _problems = [];
    private readonly List<ClassManifest> _classes = [];
    private readonly Dictionary<string, TenantNamespace> _namespaces = new(StringComparer.Ordinal);
    private readonly PlanInput _input;

    /// <summary>Whether the rules that the plan has to follow are not known, so that it is empty.</summary>
    private bool _lacksRules;

    /// <param name="files">The manifests.</param>
    /// <param name="input">Everything else that the plan is made from.</param>
    /// <param name="className">The class to render; null: the default one of the manifests, or their only one.</param>
    public Renderer(IEnumerable<ManifestFile> files, PlanInput input, string? className = null)
    {
        foreach (var file in files)
        {
            _problems.AddRange(file.Problems);
            if (file.HasUnreadClass)
            {
                _lacksRules = true;
                _problems.Add(new Problem(
                    new SourceLocation(file.Problems[0].Location.File, 0, 0),
                    ProblemSeverity.Error,
                    "nothing is rendered: a WagiClass that cannot be read may be in this file"));
            }

            _unread.UnionWith(file.Unread);
            foreach (var (key, secret) in file.Secrets)
            {
                _secrets[key] = secret;
            }

            foreach (var (key, configMap) in file.ConfigMaps)
            {
                _configMaps[key] = configMap;
            }

            _classes.AddRange(file.Classes);
            foreach (var item in file.Namespaces)
            {
                _namespaces[item.Name] = item;
            }

            foreach (var manifest in file.Modules)
            {
                Add(manifest);
            }
        }

        if (className is not null && !_classes.Exists(manifest => manifest.Class.Name == className) && !_lacksRules)
        {
            _problems.Add(new Problem(
                new SourceLocation("--class", 0, 0), ProblemSeverity.Error, $"there is no WagiClass '{className}' among the manifests"));
            _lacksRules = true;
        }

        if (_lacksRules)
        {
            // Without the rules, what they forbid would pass.
            _manifests.Clear();
        }

        _input = Complete(_classes.Count == 0 ? input : WithClass(input, className));
    }

    /// <summary>The tags whose digests are asked for.</summary>
    public ImmutableHashSet<ResolutionRequest> Tags => Planner.Plan(_input).Resolutions;

    /// <summary>A Secret of the manifests.</summary>
    public SecretContent? Secret(ObjectKey key) => _secrets.GetValueOrDefault(key);

    /// <summary>The plan with what is wrong.</summary>
    /// <param name="answers">The answers of registries for <see cref="Tags"/>.</param>
    public RenderedModules Render(IReadOnlyDictionary<ResolutionRequest, Resolution> answers)
    {
        var plan = Planner.Plan(_input with { Resolutions = answers });
        var problems = _problems
            .Concat(plan.Verdicts.Where(verdict => !_unread.Contains(verdict.Key)).SelectMany(verdict => Problems(_manifests[verdict.Key], verdict)))
            .OrderBy(problem => problem.Location.File, StringComparer.Ordinal)
            .ThenBy(problem => problem.Location.Line)
            .ThenBy(problem => problem.Location.Column)
            .ToImmutableArray();
        return new RenderedModules(plan, problems, VerdictTable.Rows(plan.Verdicts, _unread, RouteOf), _lacksRules);
    }

    private string RouteOf(ObjectKey key) => _manifests.GetValueOrDefault(key)?.Module.Spec.Route ?? "";

    private void Add(ModuleManifest manifest)
    {
        if (!_manifests.TryAdd(manifest.Module.Key, manifest))
        {
            _problems.Add(new Problem(
                manifest.Locate("metadata.name"),
                ProblemSeverity.Error,
                $"WagiModule {manifest.Module.Key} is already in {_manifests[manifest.Module.Key].Locate("metadata.name")}",
                "give it another name or namespace"));
        }
    }

    /// <summary>
    /// Without any WagiClass it does not matter which one a WagiModule names: the class is with those who run the cluster. A class that cannot be read
    /// lets nothing pass.
    /// </summary>
    private PlanInput WithClass(PlanInput input, string? className)
    {
        var all = _classes.Select(manifest => manifest.Class).ToList();
        var name = className ?? all.Where(item => item.IsDefault).Select(item => item.Name).FirstOrDefault() ?? all[0].Name;
        var roster = new ClassRoster(all, name);
        foreach (var manifest in _manifests.Values.Where(manifest => !roster.IsOwn(manifest.Module)).ToList())
        {
            _manifests.Remove(manifest.Module.Key);
            _problems.Add(string.IsNullOrEmpty(manifest.Module.Spec.ClassName)
                ? new Problem(
                    manifest.Locate("spec.className"), ProblemSeverity.Warning,
                    $"WagiModule {manifest.Module.Key} names no class, and '{name}' is not the default one: it is left out", "set spec.className, or choose with --class")
                : new Problem(
                    manifest.Locate("spec.className"), ProblemSeverity.Warning,
                    $"WagiModule {manifest.Module.Key} has another class than '{name}' and is left out", "choose with --class"));
        }

        ClassRules? rules = null;
        if (_classes.Find(manifest => manifest.Class.Name == name) is { } own && !ClassReader.TryRead(own.Class, "default", out rules, out var wrong))
        {
            _problems.AddRange(wrong.Select(problem =>
                new Problem(own.Locate(problem[..problem.IndexOf(':', StringComparison.Ordinal)]), ProblemSeverity.Error, problem)));
            _problems.Add(new Problem(
                new SourceLocation(own.Locate("").File, 0, 0),
                ProblemSeverity.Error,
                $"nothing is rendered: WagiClass '{name}' has rules that cannot be followed"));
            _lacksRules = true;
            _manifests.Clear();
        }

        return input with
        {
            Roster = roster,
            Rules = rules,
            Namespaces = _manifests.Keys.Select(key => key.Namespace).Distinct(StringComparer.Ordinal).ToDictionary(
                item => item, item => _namespaces.GetValueOrDefault(item) ?? TenantNamespace.Named(item), StringComparer.Ordinal),
        };
    }

    /// <summary>Only what is in the manifests exists.</summary>
    private PlanInput Complete(PlanInput input)
    {
        input = input with { Modules = [.. _manifests.Values.Select(manifest => manifest.Module)] };
        var references = Planner.Plan(input);
        return input with
        {
            Secrets = references.Secrets.ToDictionary(key => key, key => _secrets.GetValueOrDefault(key)),
            ConfigMaps = references.ConfigMaps.ToDictionary(key => key, key => _configMaps.GetValueOrDefault(key)),
        };
    }

    private static IEnumerable<Problem> Problems(ModuleManifest manifest, Verdict verdict)
    {
        if (verdict.Condition(ConditionType.Accepted) is { Status: not ConditionStatus.True } accepted)
        {
            return accepted.Reason switch
            {
                // Checked again, so that each problem gets its own line.
                ConditionReason.InvalidSpec when !SpecReader.TryRead(manifest.Module, out _, out var problems) =>
                    problems.Select(problem => Error(manifest, problem[..problem.IndexOf(':', StringComparison.Ordinal)], problem)),
                ConditionReason.Suspended => [new Problem(manifest.Locate("spec.suspend"), ProblemSeverity.Warning, accepted.Message)],
                // A message about the class begins with the field.
                ConditionReason.NotAllowedByClass or ConditionReason.ClassNotFound or ConditionReason.BudgetExceeded =>
                    [Error(manifest, accepted.Message[..accepted.Message.IndexOfAny([':', ' '])], accepted.Message)],
                ConditionReason.RouteConflict => [Error(manifest, "spec.route", accepted.Message)],
                _ => [Error(manifest, "spec", accepted.Message)],
            };
        }

        return verdict.Condition(ConditionType.Resolved) is { Status: not ConditionStatus.True } resolved
            ? [Error(manifest, FieldOf(resolved), resolved.Message)]
            : [];
    }

    private static string FieldOf(Condition resolved) => resolved.Reason switch
    {
        _ when resolved.Message.Contains("(imagePullSecrets)", StringComparison.Ordinal) => "spec.imagePullSecrets",
        ConditionReason.SecretNotFound or ConditionReason.SecretKeyNotFound or ConditionReason.SecretUnusable => "spec.env",
        ConditionReason.ConfigMapNotFound or ConditionReason.ConfigMapKeyNotFound or ConditionReason.ConfigMapUnusable => "spec.env",
        _ => "spec.module",
    };

    private static Problem Error(ModuleManifest manifest, string field, string message) =>
        new(manifest.Locate(field), ProblemSeverity.Error, message);
}

/// <summary>What a folder of manifests makes.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Problems">Everything that is wrong, by place.</param>
/// <param name="Rows">The verdicts, for a person.</param>
/// <param name="IsNothing">Whether the rules are not known, so that this is not what is to be served.</param>
internal sealed record RenderedModules(Plan Plan, ImmutableArray<Problem> Problems, ImmutableArray<VerdictRow> Rows, bool IsNothing)
{
    /// <summary>The verdicts as a table, and below it the problems as compilers print them.</summary>
    /// <param name="before">What has been reported: then only what is otherwise now; null: nothing has.</param>
    public string Report(RenderedModules? before)
    {
        var problems = string.Concat(Problems.Except(before?.Problems ?? []).Select(problem => $"{problem}\n"));
        if (before is null)
        {
            return VerdictTable.Write(Rows) + problems;
        }

        var known = before.Rows.ToDictionary(row => row.Module);
        var rows = Rows.Where(row => !known.Remove(row.Module, out var old) || !row.IsSameAs(old)).ToList();
        rows.AddRange(known.Values.Select(row => row.Removed));
        return (rows.Count == 0 ? "" : VerdictTable.Write(rows)) + problems;
    }

    /// <summary>Whether nothing was refused.</summary>
    public bool IsGood => !Problems.Any(problem => problem.Severity == ProblemSeverity.Error);
}
