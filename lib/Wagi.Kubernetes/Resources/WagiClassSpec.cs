using System.ComponentModel;

namespace Wagi.Kubernetes.Resources;

/// <summary>
/// What may be asked of a class. Every member may be missing, and then bounds nothing; every element may be missing too, and
/// <c>ClassReader</c> checks everything again, like <c>SpecReader</c> for a WagiModule.
/// </summary>
public sealed record WagiClassSpec
{
    [Description("The runtimes that serve the class. Default: those that the operator was told at its start. Example: {namespace: wagi-system}")]
    public ClassRuntimes? Runtimes { get; init; }

    [Description("The namespaces whose WagiModules may have this class, by their labels. Default: all namespaces. Example: {matchLabels: {team: shop}}")]
    public LabelSelector? Namespaces { get; init; }

    [Description("Which routes a namespace may have. Default: every route. Example: {mode: Prefix}")]
    public ClassRoutes? Routes { get; init; }

    [Description("The hosts that WagiModules may answer for; {namespace} stands for their namespace, *. in front for everything below. " +
        "With it, a WagiModule must name hosts. Default: every host, and all hosts at once. Example: [\"{namespace}.apps.example.com\"]")]
    [Schema(MaxItems = ClassLimits.Patterns, ListType = "set")]
    [ItemSchema(MinLength = 1, MaxLength = ClassLimits.PatternLength)]
    public IReadOnlyList<string?>? Hosts { get; init; }

    [Description("The origins that WagiModules may list in allowedHosts: SCHEME://HOST[:PORT], where * may be the scheme, the whole host, " +
        "its first label or the port, and {namespace} stands for their namespace. With it, insecure:allow-all is not allowed. An empty list allows " +
        "no outbound HTTP. Default: every origin. Example: [\"https://*.example.com\", \"http://backend.{namespace}.svc:8080\"]")]
    [Schema(MaxItems = ClassLimits.Patterns, ListType = "set")]
    [ItemSchema(MinLength = 1, MaxLength = ClassLimits.PatternLength)]
    public IReadOnlyList<string?>? AllowedHosts { get; init; }

    [Description("The registries, or repositories and everything below them, that modules may come from: HOST[:PORT][/PATH]; * in a label of the host " +
        "stands for any characters of it, * alone for every registry, {namespace} for the WagiModule's namespace. " +
        "Default: every registry. Example: [ghcr.io/example, \"registry.example.com/{namespace}\"]")]
    [Schema(MaxItems = ClassLimits.Patterns, ListType = "set")]
    [ItemSchema(MinLength = 1, MaxLength = ClassLimits.PatternLength)]
    public IReadOnlyList<string?>? Registries { get; init; }

    [Description("The Bindle servers that modules bindle:NAME may come from, by the beginning of their URL. With it, a WagiModule must name its bindleServer; " +
        "an empty list allows no bindles. Default: every server; none when registries or signatures are given. Example: [\"https://bindle.example.com/v1\"]")]
    [Schema(MaxItems = ClassLimits.Patterns, ListType = "set")]
    [ItemSchema(MinLength = 1, MaxLength = SpecLimits.UrlLength, Pattern = SpecPatterns.BindleServer)]
    public IReadOnlyList<string?>? BindleServers { get; init; }

    [Description("Whether WagiModules may have passAuthorization, by which they see the credentials that clients send. Default: true. Example: false")]
    public bool? PassAuthorization { get; init; }

    [Description("Bounds for what a WagiModule may ask of a runtime. Example: {timeout: {max: 30s}}")]
    public ClassModuleLimits? Limits { get; init; }

    [Description("What one namespace may have in this class, all its WagiModules together. What is served already stays. Example: {modules: 20}")]
    public ClassBudget? Budget { get; init; }

    [Description("Whose signature a module needs, by the registry that it comes from: the item with the most specific registry counts. " +
        "A module for which there is no item needs no signature. Example: [{registries: [ghcr.io/example], keys: [{secretKeyRef: {name: cosign, key: cosign.pub}}]}]")]
    [Schema(MaxItems = ClassLimits.Signatures, ListType = "atomic")]
    public IReadOnlyList<ClassSignature?>? Signatures { get; init; }
}

/// <summary>The runtimes of a class.</summary>
public sealed record ClassRuntimes
{
    [Description("Namespace of the runtimes and of their operator. An operator in another namespace leaves the class alone. Default: any. Example: wagi-system")]
    [Schema(MinLength = 1, MaxLength = 63)]
    public string? Namespace { get; init; }

    [Description("Labels that the runtime pods must have, beside those that the operator looks for. Example: {pool: trusted}")]
    public IReadOnlyDictionary<string, string?>? MatchLabels { get; init; }
}

/// <summary>Labels that an object must have, in the form of <c>metav1.LabelSelector</c>.</summary>
public sealed record LabelSelector
{
    [Description("Labels with exactly these values. Example: {team: shop}")]
    public IReadOnlyDictionary<string, string?>? MatchLabels { get; init; }

    [Description("Conditions on labels, all of which must hold. Example: [{key: tier, operator: In, values: [gold, silver]}]")]
    [Schema(MaxItems = ClassLimits.Patterns, ListType = "atomic")]
    public IReadOnlyList<LabelRequirement?>? MatchExpressions { get; init; }
}

/// <summary>A condition on one label, in the form of <c>metav1.LabelSelectorRequirement</c>.</summary>
public sealed record LabelRequirement
{
    /// <summary>The value is one of <see cref="Values"/>.</summary>
    public const string In = nameof(In);

    /// <summary>There is no such label, or its value is none of <see cref="Values"/>.</summary>
    public const string NotIn = nameof(NotIn);

    /// <summary>The label is there.</summary>
    public const string Exists = nameof(Exists);

    /// <summary>The label is not there.</summary>
    public const string DoesNotExist = nameof(DoesNotExist);

    [Description("The label. Example: tier")]
    [Schema(Required = true, MinLength = 1, MaxLength = 317)]
    public string? Key { get; init; }

    [Description("What must be true of it. Example: In")]
    [Schema(Required = true, Enum = [In, NotIn, Exists, DoesNotExist])]
    public string? Operator { get; init; }

    [Description("The values, for In and NotIn. Example: [gold, silver]")]
    [Schema(MaxItems = ClassLimits.Patterns, ListType = "atomic")]
    [ItemSchema(MaxLength = 63)]
    public IReadOnlyList<string?>? Values { get; init; }
}

/// <summary>Which routes a namespace may have.</summary>
public sealed record ClassRoutes
{
    /// <summary>Every route.</summary>
    public const string Open = nameof(Open);

    /// <summary>The namespace's own path and what is below it.</summary>
    public const string Prefix = nameof(Prefix);

    [Description("Open: every route that is free. Prefix: /NAMESPACE and everything below it, or the path in the annotation wagi.dev/route-prefix of the Namespace, " +
        "which only those can set who may write Namespaces. Default: Open. Example: Prefix")]
    [Schema(Enum = [Open, Prefix])]
    public string? Mode { get; init; }
}

/// <summary>Bounds for a module.</summary>
public sealed record ClassModuleLimits
{
    [Description("How long a request may take. Example: {default: 10s, max: 30s}")]
    public DurationBound? Timeout { get; init; }

    [Description("Linear memory that one instance may grow to. Example: {default: 64Mi, max: 256Mi}")]
    public SizeBound? MemoryLimit { get; init; }

    [Description("Requests that one runtime runs at a time. Example: {default: 8, max: 32}")]
    public NumberBound? MaxConcurrency { get; init; }

    [Description("Responses to HTTP requests of the module that may be open at a time in one runtime. Example: {max: 32}")]
    public NumberBound? HttpMaxConcurrency { get; init; }

    [Description("Requests that one runtime pod answers in a second, a minute or an hour. A rate exceeds max if it lets more pass in the long run, or at once: 60/m is more than 1/s. Example: {default: 100/s, max: 500/s}")]
    public RateBound? RateLimit { get; init; }
}

/// <summary>A bound for a duration.</summary>
public sealed record DurationBound
{
    [Description("What a WagiModule gets that does not say. Default: max. Example: 10s")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.QuantityLength)]
    public string? Default { get; init; }

    [Description("The most that a WagiModule may ask for. Default: what the field itself allows. Example: 30s")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.QuantityLength)]
    public string? Max { get; init; }
}

/// <summary>A bound for a number of bytes.</summary>
public sealed record SizeBound
{
    [Description("What a WagiModule gets that does not say. Default: max. Example: 64Mi")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.QuantityLength)]
    public string? Default { get; init; }

    [Description("The most that a WagiModule may ask for. Default: what the field itself allows. Example: 256Mi")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.QuantityLength)]
    public string? Max { get; init; }
}

/// <summary>A bound for a number.</summary>
public sealed record NumberBound
{
    [Description("What a WagiModule gets that does not say. Default: max. Example: 8")]
    [Schema(Minimum = 1, Maximum = SpecLimits.Concurrency)]
    public int? Default { get; init; }

    [Description("The most that a WagiModule may ask for. Default: what the field itself allows. Example: 32")]
    [Schema(Minimum = 1, Maximum = SpecLimits.Concurrency)]
    public int? Max { get; init; }
}

/// <summary>A bound for a number of requests in a time.</summary>
public sealed record RateBound
{
    [Description("What a WagiModule gets that does not say. Default: max. Example: 100/s")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.QuantityLength, Pattern = SpecPatterns.RequestRate)]
    public string? Default { get; init; }

    [Description("The most that a WagiModule may ask for. Default: no limit. Example: 500/s")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.QuantityLength, Pattern = SpecPatterns.RequestRate)]
    public string? Max { get; init; }
}

/// <summary>What one namespace may have.</summary>
public sealed record ClassBudget
{
    [Description("WagiModules that are served. Example: 20")]
    [Schema(Minimum = 0)]
    public int? Modules { get; init; }

    [Description("Bytes in the ConfigMap and the Secret for the runtimes, in bytes or with a suffix (k, M, Ki, Mi). Example: 128Ki")]
    [Schema(MinLength = 1, MaxLength = SpecLimits.QuantityLength, Pattern = SpecPatterns.ByteSize)]
    public string? Bytes { get; init; }
}

/// <summary>Whose signature modules of some registries need.</summary>
public sealed record ClassSignature
{
    [Description("The registries, or repositories and everything below them, in the form of registries above. Example: [ghcr.io/example]")]
    [Schema(Required = true, MinItems = 1, MaxItems = ClassLimits.Patterns, ListType = "set")]
    [ItemSchema(MinLength = 1, MaxLength = ClassLimits.PatternLength)]
    public IReadOnlyList<string?>? Registries { get; init; }

    [Description("Public keys, one of which must have made the signature. Example: [{secretKeyRef: {name: cosign, key: cosign.pub}}]")]
    [Schema(Required = true, MinItems = 1, MaxItems = ClassLimits.Keys, ListType = "atomic")]
    public IReadOnlyList<ClassKey?>? Keys { get; init; }
}

/// <summary>A public key.</summary>
[Rule("has(self.pem) != has(self.secretKeyRef)", "give exactly one of pem and secretKeyRef")]
public sealed record ClassKey
{
    [Description("The key itself, as PEM. Example: \"-----BEGIN PUBLIC KEY-----\\n…\\n-----END PUBLIC KEY-----\\n\"")]
    [Schema(MinLength = 1, MaxLength = ClassLimits.PemLength)]
    public string? Pem { get; init; }

    [Description("A key of a Secret in the namespace of the operator. Example: {name: cosign, key: cosign.pub}")]
    public ClassSecretKey? SecretKeyRef { get; init; }
}

/// <summary>One key of a Secret in the operator's namespace.</summary>
public sealed record ClassSecretKey
{
    [Description("Name of the Secret. Example: cosign")]
    [Schema(Required = true, MinLength = 1, MaxLength = SpecLimits.ObjectNameLength)]
    public string? Name { get; init; }

    [Description("The key in it. Example: cosign.pub")]
    [Schema(Required = true, MinLength = 1, MaxLength = SpecLimits.KeyLength, Pattern = SpecPatterns.Key)]
    public string? Key { get; init; }
}

/// <summary>The bounds of a WagiClass's spec.</summary>
public static class ClassLimits
{
    /// <summary>Items of a list of patterns.</summary>
    public const int Patterns = 64;

    /// <summary>Characters of a pattern.</summary>
    public const int PatternLength = 512;

    /// <summary>Rules about signatures.</summary>
    public const int Signatures = 16;

    /// <summary>Public keys of one rule. A module's entry holds those of all its rules.</summary>
    public const int Keys = 8;

    /// <summary>Characters of a public key as PEM; RSA with 4096 bits has 800.</summary>
    public const int PemLength = 4096;
}
