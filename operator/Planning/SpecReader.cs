using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Cgi;
using Wagi.Modules.Configuration;
using Wagi.Modules.Limits;
using Wagi.Modules.Outbound;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Modules.Volumes;
using Wagi.Oci.References;

namespace Wagi.Operator.Planning;

/// <summary>
/// Checks everything in a spec that the schema of the CRD and its CEL rules check: manifests on a laptop have been checked by neither, and
/// API servers before 1.25 do not know CEL. Collects all problems instead of stopping at the first.
/// </summary>
internal sealed class SpecReader
{
    private readonly WagiModule _module;
    private readonly WagiModuleSpec _spec;
    private readonly FieldChecks _check = new();

    private SpecReader(WagiModule module)
    {
        _module = module;
        _spec = module.Spec;
    }

    /// <summary>The checked spec, or what is wrong: one sentence for each problem, each with the field's path.</summary>
    public static bool TryRead(
        WagiModule module, [NotNullWhen(true)] out CheckedSpec? spec, [NotNullWhen(false)] out IReadOnlyList<string>? problems)
    {
        var reader = new SpecReader(module);
        var read = reader.Read();
        if (read is not null && reader._check.Problems.Count == 0)
        {
            (spec, problems) = (read, null);
            return true;
        }

        (spec, problems) = (null, reader._check.Problems);
        return false;
    }

    private CheckedSpec? Read()
    {
        var route = _check.Required<RoutePattern>("spec.route", _spec.Route, SpecLimits.RouteLength, RoutePattern.TryParse, "a path such as '/hello' or '/hello/...'");
        var source = _check.Required<ModuleReference>("spec.module", _spec.Module, SpecLimits.ModuleLength, ModuleReference.TryParseRemote, "for example 'oci://ghcr.io/example/hello:v1'");
        var image = source?.Scheme == ModuleScheme.Oci ? _check.Parse<Reference>("spec.module", source.Value, Reference.TryParse) : null;
        if (source is { Scheme: ModuleScheme.Bindle } && source.Value.Any(char.IsWhiteSpace))
        {
            _check.Problem("spec.module", $"'{_spec.Module}' must not hold white space");
        }

        var environment = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        var variables = ReadEnvironment(environment);
        var hosts = _check.List<HostPattern>("spec.hosts", _spec.Hosts, SpecLimits.Hosts, SpecLimits.HostLength, HostPattern.TryParse);
        var allowedHosts = _check.List<AllowedHost>("spec.allowedHosts", _spec.AllowedHosts, SpecLimits.AllowedHosts, SpecLimits.AllowedHostLength, AllowedHost.TryParse);
        var entrypoint = _check.Text("spec.entrypoint", _spec.Entrypoint, 1, SpecLimits.EntrypointLength);
        var argv = _check.Text("spec.argv", _spec.Argv, 0, SpecLimits.ArgvLength);
        var timeout = ReadTimeout();
        var memoryLimit = ReadMemoryLimit();
        var maxConcurrency = _check.Concurrency("spec.maxConcurrency", _spec.MaxConcurrency);
        var httpMaxConcurrency = _check.Concurrency("spec.httpMaxConcurrency", _spec.HttpMaxConcurrency);
        var rateLimit = ReadRateLimit();
        var preinitialization = _check.Preinitialization("spec.preinitialize", _spec.Preinitialize);
        var bindleServer = ReadBindleServer(source);
        var pullSecrets = ReadPullSecrets();
        var files = ReadFiles();
        if (route is null || source is null)
        {
            return null;
        }

        var draft = new ModuleEntry
        {
            Id = _module.Key.ToString(),
            Route = route,
            Hosts = hosts,
            Module = source,
            Entrypoint = entrypoint,
            Argv = argv,
            AllowedHosts = allowedHosts,
            Files = files,
            Environment = environment.ToImmutable(),
            Timeout = timeout,
            MemoryLimit = memoryLimit,
            MaxConcurrency = maxConcurrency,
            HttpMaxConcurrency = httpMaxConcurrency,
            RateLimit = rateLimit,
            Preinitialization = preinitialization,
            PassAuthorization = _spec.PassAuthorization ?? false,
            Compress = _spec.Compress ?? false,
            BindleServer = bindleServer,
        };
        return new CheckedSpec(draft, image, pullSecrets, variables);
    }

    private ImmutableArray<ReferencedVariable> ReadEnvironment(ImmutableSortedDictionary<string, string>.Builder literals)
    {
        var referenced = ImmutableArray.CreateBuilder<ReferencedVariable>();
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        var variables = _spec.Env ?? [];
        _check.Count("spec.env", variables.Count, SpecLimits.Environment);
        for (var i = 0; i < variables.Count; i++)
        {
            var field = $"spec.env[{i}]";
            var variable = variables[i] ?? new EnvironmentVariable();
            var name = ReadEnvironmentName(field + ".name", variable.Name);
            if (name is not null && !names.TryAdd(name, i))
            {
                _check.Problem(field + ".name", $"'{name}' is already set by spec.env[{names[name]}]");
            }

            if ((variable.Value is null) == (variable.ValueFrom is null))
            {
                _check.Problem(field, "give exactly one of 'value' and 'valueFrom'");
            }
            else if (variable.ValueFrom is { } source)
            {
                if (ReadSource(field + ".valueFrom", name ?? "", source) is { } reference)
                {
                    referenced.Add(reference);
                }
            }
            else if (EnvironmentValue(field + ".value", variable.Value!) is { } value && name is not null)
            {
                literals[name] = value;
            }
        }

        return referenced.ToImmutable();
    }

    private string? ReadEnvironmentName(string field, string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            _check.Problem(field, "is missing");
            return null;
        }

        if (name.Length > SpecLimits.EnvironmentNameLength || !SpecPatterns.IsMatch(SpecPatterns.EnvironmentNameRegex(), name))
        {
            _check.Problem(field, $"'{FieldChecks.Shorten(name)}' is not a name of letters, digits and '_' that does not start with a digit and has at most {SpecLimits.EnvironmentNameLength} characters");
            return null;
        }

        if (MetaVariableNames.Contains(name))
        {
            _check.Problem(field, $"'{name}' is a CGI meta-variable, which the runtime sets itself for every request");
            return null;
        }

        return name;
    }

    private string? EnvironmentValue(string field, string value)
    {
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            _check.Problem(field, "must not hold a NUL character");
            return null;
        }

        return _check.Text(field, value, 0, SpecLimits.EnvironmentValueLength);
    }

    private ReferencedVariable? ReadSource(string field, string variable, EnvironmentVariableSource source)
    {
        if ((source.SecretKeyRef is null) == (source.ConfigMapKeyRef is null))
        {
            _check.Problem(field, "give exactly one of 'secretKeyRef' and 'configMapKeyRef'");
            return null;
        }

        var (kind, selector, name) = source.SecretKeyRef is { } secret
            ? (VariableSource.Secret, secret, "secretKeyRef")
            : (VariableSource.ConfigMap, source.ConfigMapKeyRef!, "configMapKeyRef");
        var target = _check.ObjectName($"{field}.{name}.name", selector.Name);
        var key = selector.Key;
        if (string.IsNullOrEmpty(key) || key.Length > SpecLimits.KeyLength || !SpecPatterns.IsMatch(SpecPatterns.KeyRegex(), key))
        {
            _check.Problem($"{field}.{name}.key", string.IsNullOrEmpty(key) ? "is missing" : $"'{FieldChecks.Shorten(key)}' cannot be a key: letters, digits, '-', '_' and '.', at most {SpecLimits.KeyLength}");
            key = null;
        }

        return target is null || key is null ? null : new ReferencedVariable(variable, kind, target, key, selector.Optional ?? false);
    }

    private ImmutableArray<string> ReadPullSecrets()
    {
        var secrets = _spec.ImagePullSecrets ?? [];
        _check.Count("spec.imagePullSecrets", secrets.Count, SpecLimits.ImagePullSecrets);
        return [.. secrets.Select((secret, i) => _check.ObjectName($"spec.imagePullSecrets[{i}].name", secret?.Name)).OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    private ImmutableArray<FilesMount> ReadFiles()
    {
        var files = _spec.Files ?? [];
        _check.Count("spec.files", files.Count, FilesMount.MaxMounts);
        var mounts = ImmutableArray.CreateBuilder<FilesMount>();
        for (var i = 0; i < files.Count; i++)
        {
            var field = $"spec.files[{i}]";
            var reference = _check.Required<ModuleReference>($"{field}.reference", files[i]?.Reference, SpecLimits.ModuleLength, TryReadFiles, "for example 'oci://ghcr.io/example/site:v1'");
            if (reference is not null)
            {
                _check.Parse<Reference>($"{field}.reference", reference.Value, Reference.TryParse);
            }

            var path = files[i]?.Path;
            if (string.IsNullOrEmpty(path))
            {
                _check.Problem($"{field}.path", "is missing; write for example '/site'");
            }
            else if (!FilesMount.IsPath(path, out var error))
            {
                _check.Problem($"{field}.path", error);
            }
            else if (mounts.Any(mount => mount.Path == path))
            {
                _check.Problem($"{field}.path", $"'{path}' is there twice");
            }
            else if (reference is not null)
            {
                mounts.Add(new FilesMount(reference, path));
            }
        }

        return mounts.ToImmutable();
    }

    private static bool TryReadFiles(string text, [NotNullWhen(true)] out ModuleReference? reference, [NotNullWhen(false)] out string? error) =>
        ModuleReference.TryParseRemote(text, out reference, out error) && FilesMount.IsSource(reference, out error);

    private TimeSpan? ReadTimeout()
    {
        if (_spec.Timeout is not { } text)
        {
            return null;
        }

        var error = default(string);
        if (text.Length <= SpecLimits.QuantityLength
            && SpecPatterns.IsMatch(SpecPatterns.DurationRegex(), text) && Duration.TryParse(text, out var timeout, out error))
        {
            return timeout;
        }

        _check.Problem("spec.timeout", error ?? $"'{FieldChecks.Shorten(text)}' is not a duration between 1ms and 24h; write for example '30s', '1m30s' or '500ms'");
        return null;
    }

    private long? ReadMemoryLimit()
    {
        if (_spec.MemoryLimit is not { } text)
        {
            return null;
        }

        if (text.Length <= SpecLimits.QuantityLength
            && SpecPatterns.IsMatch(SpecPatterns.ByteSizeRegex(), text) && ByteSize.TryParse(text, out var bytes, out _)
            && bytes is >= ModuleLimits.MinMemory and <= ModuleLimits.MaxMemory)
        {
            return bytes;
        }

        _check.Problem("spec.memoryLimit", $"'{FieldChecks.Shorten(text)}' is not a size between 64Ki and 4Gi; write for example '64Mi' or '1Gi'");
        return null;
    }

    private RequestRate? ReadRateLimit()
    {
        if (_spec.RateLimit is not { } text)
        {
            return null;
        }

        if (RequestRate.TryParse(FieldChecks.Shorten(text), out var rate, out var error))
        {
            return rate;
        }

        _check.Problem("spec.rateLimit", error);
        return null;
    }

    private string? ReadBindleServer(ModuleReference? source)
    {
        if (_check.Text("spec.bindleServer", _spec.BindleServer, 1, SpecLimits.UrlLength) is not { } server)
        {
            return null;
        }

        if (source is not null && source.Scheme != ModuleScheme.Bindle)
        {
            _check.Problem("spec.bindleServer", "is only for a module 'bindle:NAME'");
        }

        if (!SpecPatterns.IsMatch(SpecPatterns.BindleServerRegex(), server) || !Uri.TryCreate(server, UriKind.Absolute, out _))
        {
            _check.Problem("spec.bindleServer", $"'{server}' is not a URL such as 'https://bindle.example.com/v1'");
        }

        return server;
    }
}
