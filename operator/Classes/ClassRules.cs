using System.Collections.Immutable;
using System.Globalization;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Limits;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Oci.References;

namespace Wagi.Operator.Classes;

/// <summary>The rules of a class, checked: <see cref="ClassReader"/> makes them. What is null is not bounded.</summary>
internal sealed record ClassRules
{
    public required string Name { get; init; }

    public LabelSelector? Namespaces { get; init; }

    public bool HasPrefix { get; init; }

    public ImmutableArray<string>? Hosts { get; init; }

    public ImmutableArray<string>? AllowedHosts { get; init; }

    public ImmutableArray<string>? Registries { get; init; }

    public ImmutableArray<string>? BindleServers { get; init; }

    public Bound<TimeSpan> Timeout { get; init; }

    public Bound<long> MemoryLimit { get; init; }

    public Bound<int> MaxConcurrency { get; init; }

    public Bound<int> HttpMaxConcurrency { get; init; }

    public Bound<RequestRate> RateLimit { get; init; }

    /// <summary>Whether no module may see the credentials of clients.</summary>
    public bool ForbidsAuthorization { get; init; }

    /// <summary>WagiModules that a namespace may have served.</summary>
    public int? BudgetModules { get; init; }

    /// <summary>Bytes that a namespace's WagiModules may take, in ConfigMap and Secret together.</summary>
    public long? BudgetBytes { get; init; }

    public ImmutableArray<SignatureRule> Signatures { get; init; } = [];

    /// <summary>The Secrets that hold public keys.</summary>
    public IEnumerable<ObjectKey> Secrets => Signatures.SelectMany(rule => rule.Keys).Select(key => key.Secret?.Object).OfType<ObjectKey>();

    /// <summary>An entry with the bounds that its spec does not name.</summary>
    public ModuleEntry Complete(ModuleEntry entry) => entry with
    {
        Timeout = entry.Timeout ?? Timeout.Default,
        MemoryLimit = entry.MemoryLimit ?? MemoryLimit.Default,
        MaxConcurrency = entry.MaxConcurrency ?? MaxConcurrency.Default,
        HttpMaxConcurrency = entry.HttpMaxConcurrency ?? HttpMaxConcurrency.Default,
        RateLimit = entry.RateLimit ?? RateLimit.Default,
    };

    /// <summary>
    /// What an entry may not reach or be reached by, one sentence for each rule that it breaks, beginning with the field of the spec. What breaks
    /// one of these is not served, even if it was before.
    /// </summary>
    public IEnumerable<string> Reach(ModuleEntry entry, TenantNamespace tenant)
    {
        if (Namespaces is { } selector && !selector.Selects(tenant.Labels))
        {
            yield return Broken("metadata.namespace", $"namespace '{tenant.Name}' is not among those that the class serves", "namespaces", orNamespace: true);
        }

        if (HasPrefix && WhyOutside(entry.Route, tenant) is { } outside)
        {
            yield return outside;
        }

        foreach (var problem in Hosts is { } hosts ? CheckHosts(entry, hosts, tenant) : [])
        {
            yield return problem;
        }

        if (AllowedHosts is { } origins)
        {
            var patterns = For(origins, tenant).Select(text => OriginPattern.TryParse(text, out var pattern, out _) ? pattern : null).OfType<OriginPattern>().ToList();
            foreach (var origin in entry.AllowedHosts.Where(origin => !patterns.Exists(pattern => pattern.Covers(origin))))
            {
                yield return Broken("spec.allowedHosts", $"'{origin}' is none of {List(origins, tenant)}", "allowedHosts");
            }
        }

        if (WhyNotFrom(entry, tenant) is { } source)
        {
            yield return source;
        }

        if (ForbidsAuthorization && entry.PassAuthorization)
        {
            yield return Broken("spec.passAuthorization", "no module may see the credentials of clients", "passAuthorization");
        }

        for (var i = 0; i < entry.Files.Length; i++)
        {
            if (WhyNotFrom(entry.Files[i].Reference, $"spec.files[{i}].reference", tenant) is { } files)
            {
                yield return files;
            }
        }
    }

    /// <summary>Which bounds an entry exceeds, one sentence each. What is served already and exceeds one stays until its WagiModule changes.</summary>
    public IEnumerable<string> Excess(ModuleEntry entry)
    {
        string?[] problems =
        [
            Over("timeout", entry.Timeout, Timeout, Duration.Format),
            Over("memoryLimit", entry.MemoryLimit, MemoryLimit, ByteSize.Format),
            Over("maxConcurrency", entry.MaxConcurrency, MaxConcurrency, Number),
            Over("httpMaxConcurrency", entry.HttpMaxConcurrency, HttpMaxConcurrency, Number),
            Over("rateLimit", entry.RateLimit, RateLimit, rate => rate.ToString()),
        ];
        return problems.OfType<string>();
    }

    /// <summary>The rule about signatures that counts for a module, or for files: the one with the most specific registry; null: none.</summary>
    public SignatureRule? SignatureFor(ModuleReference reference, TenantNamespace tenant) =>
        reference.Scheme == ModuleScheme.Oci && Reference.TryParse(reference.Value, out var image, out _)
            ? Signatures
                .Select(rule => (Rule: rule, Fit: rule.Registries.Max(pattern => RegistryCover.Covers(NamespacePlaceholder.For(pattern, tenant.Name), image))))
                .Where(item => item.Fit is not null)
                .OrderByDescending(item => item.Fit)
                .Select(item => item.Rule)
                .FirstOrDefault()
            : null;

    /// <summary>A sentence about a rule that is broken: the field, what is wrong with it, the rule, and who can change that.</summary>
    public string Broken(string field, string what, string rule, bool orNamespace = false) =>
        $"{field}: {what} (rule spec.{rule} of WagiClass '{Name}'; those who may write WagiClasses{(orNamespace ? " or Namespaces" : "")} can change it)";

    private string? WhyOutside(RoutePattern route, TenantNamespace tenant)
    {
        if (PrefixOf(tenant) is not { } prefix)
        {
            return Broken(
                "spec.route", $"the annotation {TenantNamespace.RoutePrefixAnnotation} of namespace '{tenant.Name}', '{tenant.RoutePrefix}', is not a path such as '/shop'",
                "routes", orNamespace: true);
        }

        return route.Path == prefix || route.Path.StartsWith(prefix + "/", StringComparison.Ordinal)
            ? null
            : Broken("spec.route", $"'{route}' is neither '{prefix}' nor below it, which is the prefix of namespace '{tenant.Name}'", "routes", orNamespace: true);
    }

    /// <summary>The path of a namespace without a slash at its end; null: its annotation is no path.</summary>
    private static string? PrefixOf(TenantNamespace tenant) => tenant.RoutePrefix switch
    {
        null => "/" + tenant.Name,
        "/" => "",
        var text => RoutePattern.TryParse(text.TrimEnd('/'), out var pattern, out _) && !pattern.IsPrefix ? pattern.Path : null,
    };

    private IEnumerable<string> CheckHosts(ModuleEntry entry, ImmutableArray<string> rule, TenantNamespace tenant)
    {
        var patterns = For(rule, tenant).Select(text => HostPattern.TryParse(text, out var pattern, out _) ? pattern : null).OfType<HostPattern>().ToList();
        if (entry.Hosts.IsDefaultOrEmpty)
        {
            yield return Broken("spec.hosts", $"is missing; name hosts among {List(rule, tenant)}", "hosts");
        }

        foreach (var host in entry.Hosts.Where(host => !patterns.Exists(pattern => HostCover.Covers(pattern, host))))
        {
            yield return Broken("spec.hosts", $"'{host}' is none of {List(rule, tenant)}", "hosts");
        }
    }

    private string? WhyNotFrom(ModuleEntry entry, TenantNamespace tenant)
    {
        if (entry.Module.Scheme == ModuleScheme.Bindle)
        {
            return BindleServers switch
            {
                null when Registries is null && Signatures.IsEmpty => null,
                null => Broken("spec.module", $"'{entry.Module}' is a bindle, and the class names registries or signatures only", "bindleServers"),
                { IsEmpty: true } => Broken("spec.module", $"'{entry.Module}' is a bindle, and none are allowed", "bindleServers"),
                { } servers when entry.BindleServer is { } server && servers.Any(allowed => IsAtOrBelow(server, allowed)) => null,
                { } servers when entry.BindleServer is null => Broken("spec.bindleServer", $"is missing; name one among {List(servers, tenant)}", "bindleServers"),
                { } servers => Broken("spec.bindleServer", $"'{entry.BindleServer}' is none of {List(servers, tenant)}", "bindleServers"),
            };
        }

        return WhyNotFrom(entry.Module, "spec.module", tenant);
    }

    private string? WhyNotFrom(ModuleReference reference, string field, TenantNamespace tenant) =>
        Registries is { } registries && Reference.TryParse(reference.Value, out var image, out _) && reference.Scheme == ModuleScheme.Oci
            && !For(registries, tenant).Any(pattern => RegistryCover.Covers(pattern, image) is not null)
            ? Broken(field, $"'{image.Registry}/{image.Repository}' is in none of {List(registries, tenant)}", "registries")
            : null;

    private static bool IsAtOrBelow(string server, string allowed) =>
        server.TrimEnd('/') == allowed.TrimEnd('/') || server.StartsWith(allowed.TrimEnd('/') + "/", StringComparison.Ordinal);

    private string? Over<T>(string field, T? value, Bound<T> bound, Func<T, string> format)
        where T : struct =>
        value is { } asked && bound.Max is { } most && bound.IsExceededBy(asked)
            ? Broken($"spec.{field}", $"{format(asked)} is more than {format(most)}", $"limits.{field}")
            : null;

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<string> For(ImmutableArray<string> patterns, TenantNamespace tenant) =>
        patterns.Select(pattern => NamespacePlaceholder.For(pattern, tenant.Name));

    private static string List(ImmutableArray<string> patterns, TenantNamespace tenant) =>
        patterns.IsEmpty ? "the allowed ones, for there are none" : string.Join(", ", For(patterns, tenant).Select(pattern => $"'{pattern}'"));
}

/// <summary>A bound of a class.</summary>
/// <param name="Default">What a WagiModule gets that does not say.</param>
/// <param name="Max">The most that it may ask for.</param>
/// <param name="Exceeds">Whether the first of two values is more than the second; null: they have an order.</param>
internal readonly record struct Bound<T>(T? Default, T? Max, Func<T, T, bool>? Exceeds = null)
    where T : struct
{
    /// <summary>Whether a value is more than <see cref="Max"/>.</summary>
    public bool IsExceededBy(T value) => Max is { } most && (Exceeds?.Invoke(value, most) ?? Comparer<T>.Default.Compare(value, most) > 0);
}

/// <summary>Whose signature modules of some registries need.</summary>
/// <param name="Field">The rule's place in the spec.</param>
/// <param name="Registries">The patterns of registries.</param>
/// <param name="Keys">The keys, of which one is enough.</param>
internal sealed record SignatureRule(string Field, ImmutableArray<string> Registries, ImmutableArray<KeySource> Keys);

/// <summary>A public key, or where it is.</summary>
/// <param name="Pem">The key as PEM; null: it is in a Secret.</param>
/// <param name="Secret">The Secret and the key in it; null: it is not in one.</param>
internal sealed record KeySource(string? Pem, (ObjectKey Object, string Key)? Secret);
