using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Limits;
using Wagi.Modules.Routes;
using Wagi.Modules.Signatures;

namespace Wagi.Operator.Classes;

/// <summary>
/// Reads the rules of a class, and checks what the schema of the CRD cannot. A rule that cannot be read is never taken for one that is not
/// there: then there are no rules at all.
/// </summary>
internal sealed class ClassReader
{
    /// <summary>A name of full length, so that a pattern is checked as it will be used.</summary>
    private static readonly string SampleNamespace = new('n', 63);

    private readonly List<string> _problems = [];
    private readonly string _keyNamespace;

    private ClassReader(string keyNamespace) => _keyNamespace = keyNamespace;

    /// <summary>The rules, or what is wrong: one sentence for each problem, each with the field's path.</summary>
    /// <param name="item">The class.</param>
    /// <param name="keyNamespace">Where the Secrets with public keys are: the operator's namespace.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="problems">What is wrong.</param>
    public static bool TryRead(
        WagiClass item, string keyNamespace, [NotNullWhen(true)] out ClassRules? rules, [NotNullWhen(false)] out IReadOnlyList<string>? problems)
    {
        var reader = new ClassReader(keyNamespace);
        var read = reader.Read(item);
        (rules, problems) = reader._problems.Count == 0 ? (read, null) : ((ClassRules?)null, reader._problems);
        return rules is not null;
    }

    private ClassRules Read(WagiClass item)
    {
        var spec = item.Spec;
        var limits = spec.Limits ?? new ClassModuleLimits();
        return new ClassRules
        {
            Name = item.Name,
            Namespaces = ReadSelector(spec.Namespaces),
            HasPrefix = ReadMode(spec.Routes?.Mode),
            Hosts = Patterns("spec.hosts", spec.Hosts, text => HostPattern.TryParse(text, out _, out var error) ? null : error),
            AllowedHosts = Patterns("spec.allowedHosts", spec.AllowedHosts, text => OriginPattern.TryParse(text, out _, out var error) ? null : error),
            Registries = Patterns("spec.registries", spec.Registries, RegistryCover.WhyWrong),
            BindleServers = Patterns("spec.bindleServers", spec.BindleServers, WhyNoServer),
            Timeout = ReadBound<TimeSpan>("spec.limits.timeout", limits.Timeout?.Default, limits.Timeout?.Max, Duration.TryParse),
            MemoryLimit = ReadBound<long>("spec.limits.memoryLimit", limits.MemoryLimit?.Default, limits.MemoryLimit?.Max, TryParseMemory),
            MaxConcurrency = ReadBound("spec.limits.maxConcurrency", limits.MaxConcurrency?.Default, limits.MaxConcurrency?.Max),
            HttpMaxConcurrency = ReadBound("spec.limits.httpMaxConcurrency", limits.HttpMaxConcurrency?.Default, limits.HttpMaxConcurrency?.Max),
            RateLimit = ReadBound<RequestRate>(
                "spec.limits.rateLimit", limits.RateLimit?.Default, limits.RateLimit?.Max, RequestRate.TryParse, static (rate, most) => rate.Exceeds(most)),
            ForbidsAuthorization = spec.PassAuthorization == false,
            BudgetModules = spec.Budget?.Modules,
            BudgetBytes = spec.Budget?.Bytes is { } bytes ? Quantity<long>("spec.budget.bytes", bytes, ByteSize.TryParse) : null,
            Signatures = ReadSignatures(spec.Signatures ?? []),
        };
    }

    private delegate bool Parser<T>(string text, out T value, out string? error);

    private LabelSelector? ReadSelector(LabelSelector? selector)
    {
        var requirements = selector?.MatchExpressions ?? [];
        for (var i = 0; i < requirements.Count; i++)
        {
            var field = Item("spec.namespaces.matchExpressions", i);
            var needsValues = requirements[i]?.Operator is LabelRequirement.In or LabelRequirement.NotIn;
            if (string.IsNullOrEmpty(requirements[i]?.Key)
                || requirements[i]!.Operator is not (LabelRequirement.In or LabelRequirement.NotIn or LabelRequirement.Exists or LabelRequirement.DoesNotExist))
            {
                Problem(field, "needs a key, and one of the operators In, NotIn, Exists, DoesNotExist");
            }
            else if (needsValues != (requirements[i]!.Values is { Count: > 0 }))
            {
                Problem(field, needsValues ? $"needs values for the operator {requirements[i]!.Operator}" : $"may have no values with the operator {requirements[i]!.Operator}");
            }
        }

        return selector;
    }

    private bool ReadMode(string? mode)
    {
        if (mode is not (null or ClassRoutes.Open or ClassRoutes.Prefix))
        {
            Problem("spec.routes.mode", $"'{mode}' is neither {ClassRoutes.Open} nor {ClassRoutes.Prefix}");
        }

        return mode == ClassRoutes.Prefix;
    }

    private ImmutableArray<string>? Patterns(string field, IReadOnlyList<string?>? patterns, Func<string, string?> whyWrong)
    {
        for (var i = 0; i < (patterns?.Count ?? 0); i++)
        {
            var pattern = patterns![i];
            var why = string.IsNullOrEmpty(pattern) ? "is empty" : whyWrong(NamespacePlaceholder.For(pattern, SampleNamespace));
            if (why is not null)
            {
                Problem(Item(field, i), why.Replace(SampleNamespace, "{namespace}", StringComparison.Ordinal));
            }
        }

        return patterns?.Select(pattern => pattern ?? "").ToImmutableArray();
    }

    private static string? WhyNoServer(string text) =>
        SpecPatterns.IsMatch(SpecPatterns.BindleServerRegex(), text) ? null : $"'{text}' is not a URL such as 'https://bindle.example.com/v1'";

    private static bool TryParseMemory(string text, out long bytes, out string? error)
    {
        if (!ByteSize.TryParse(text, out bytes, out error))
        {
            return false;
        }

        error = bytes is >= ModuleLimits.MinMemory and <= ModuleLimits.MaxMemory
            ? null
            : $"'{text}' is not between {ByteSize.Format(ModuleLimits.MinMemory)} and {ByteSize.Format(ModuleLimits.MaxMemory)}";
        return error is null;
    }

    private Bound<T> ReadBound<T>(string field, string? whenSilent, string? max, Parser<T> parse, Func<T, T, bool>? exceeds = null)
        where T : struct => ReadBound(
            field,
            whenSilent is { } least ? Quantity($"{field}.default", least, parse) : null,
            max is { } most ? Quantity($"{field}.max", most, parse) : null,
            exceeds);

    /// <summary>As in a LimitRange, the greatest value is also what those get who do not say.</summary>
    private Bound<T> ReadBound<T>(string field, T? whenSilent, T? max, Func<T, T, bool>? exceeds = null)
        where T : struct
    {
        var bound = new Bound<T>(whenSilent ?? max, max, exceeds);
        if (whenSilent is { } value && bound.IsExceededBy(value))
        {
            Problem($"{field}.default", "is more than max");
        }

        return bound;
    }

    private T? Quantity<T>(string field, string text, Parser<T> parse)
        where T : struct
    {
        if (parse(text, out var value, out var error))
        {
            return value;
        }

        Problem(field, error ?? $"'{text}' cannot be read");
        return null;
    }

    private ImmutableArray<SignatureRule> ReadSignatures(IReadOnlyList<ClassSignature?> signatures)
    {
        var rules = ImmutableArray.CreateBuilder<SignatureRule>();
        for (var i = 0; i < signatures.Count; i++)
        {
            var field = Item("spec.signatures", i);
            var registries = Patterns($"{field}.registries", signatures[i]?.Registries ?? [], RegistryCover.WhyWrong)!.Value;
            var keys = ReadKeys($"{field}.keys", signatures[i]?.Keys ?? []);
            if (signatures[i] is not { Registries.Count: > 0, Keys.Count: > 0 })
            {
                Problem(field, "needs registries and keys");
            }

            rules.Add(new SignatureRule($"signatures[{i.ToString(CultureInfo.InvariantCulture)}]", registries, keys));
        }

        return rules.ToImmutable();
    }

    private ImmutableArray<KeySource> ReadKeys(string field, IReadOnlyList<ClassKey?> keys)
    {
        var read = ImmutableArray.CreateBuilder<KeySource>();
        for (var i = 0; i < keys.Count; i++)
        {
            if ((keys[i]?.Pem is null) == (keys[i]?.SecretKeyRef is null))
            {
                Problem(Item(field, i), "give exactly one of pem and secretKeyRef");
            }
            else if (keys[i]!.Pem is { } pem)
            {
                if (!SignatureKey.TryParse(pem, out _, out var error))
                {
                    Problem(Item(field, i) + ".pem", error);
                }

                read.Add(new KeySource(pem, null));
            }
            else if (keys[i]!.SecretKeyRef is { Name.Length: > 0, Key.Length: > 0 } secret)
            {
                read.Add(new KeySource(null, (new ObjectKey(_keyNamespace, secret.Name!), secret.Key!)));
            }
            else
            {
                Problem(Item(field, i) + ".secretKeyRef", "needs a name and a key");
            }
        }

        return read.ToImmutable();
    }

    private static string Item(string field, int index) => string.Create(CultureInfo.InvariantCulture, $"{field}[{index}]");

    private void Problem(string field, string message) => _problems.Add($"{field}: {message}");
}
