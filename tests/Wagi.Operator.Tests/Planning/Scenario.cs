using System.Collections.Immutable;
using System.Text;
using k8s.Models;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;
using Wagi.Operator.Classes;
using Wagi.Operator.Planning;
using Wagi.Operator.Rendering;

namespace Wagi.Operator.Tests.Planning;

/// <summary>A cluster as a plan sees it, put together step by step; <see cref="Plan"/> also makes the plan come true.</summary>
internal sealed class Scenario
{
    public const string Digest1 = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    public const string Digest2 = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<ObjectKey, SecretContent?> _secrets = [];
    private readonly Dictionary<ObjectKey, ConfigMapContent?> _configMaps = [];
    private readonly Dictionary<string, Resolution> _tags = new(StringComparer.Ordinal);

    public List<WagiModule> Modules { get; } = [];

    public List<RuntimeReport> Runtimes { get; } = [];

    /// <summary>The class that the operator serves; null: it has none, and classes do not matter.</summary>
    public WagiClass? Class { get; set; }

    public Dictionary<string, TenantNamespace> Namespaces { get; } = new(StringComparer.Ordinal) { ["default"] = TenantNamespace.Named("default") };

    public PlanSettings Settings { get; set; } = new();

    public DateTimeOffset Now { get; set; } = Start;

    public string? Toml { get; private set; }

    public IReadOnlyDictionary<string, byte[]> SecretData { get; private set; } = new Dictionary<string, byte[]>();

    public Dictionary<string, string> LocalModules { get; } = [];

    public static WagiModule Module(string name, WagiModuleSpec spec, string ns = "default", int age = 0, long generation = 1) => new()
    {
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = ns,
            Generation = generation,
            CreationTimestamp = Start.UtcDateTime.AddHours(-age),
        },
        Spec = spec,
    };

    public Scenario With(WagiModule module)
    {
        Modules.RemoveAll(other => other.Key == module.Key);
        Modules.Add(module);
        return this;
    }

    public Scenario With(string name, string route, string module = "registry.example/hello:v1", int age = 0, string ns = "default") =>
        With(Module(name, new WagiModuleSpec { Route = route, Module = module }, ns, age));

    /// <summary>Another spec for a module that is there, as <c>kubectl apply</c> would bring it.</summary>
    public Scenario Edit(string name, Func<WagiModuleSpec, WagiModuleSpec> edit)
    {
        var module = Modules.Single(module => module.Metadata.Name == name);
        module.Spec = edit(module.Spec);
        module.Metadata.Generation++;
        return this;
    }

    public Scenario Tag(string reference, string digest)
    {
        _tags[reference] = new Resolution.Found(digest);
        return this;
    }

    public Scenario TagFails(string reference, string reason, string message, bool isFinal = false)
    {
        _tags[reference] = new Resolution.Failed(reason, message, isFinal);
        return this;
    }

    public Scenario Secret(string name, Dictionary<string, string> data, string type = "Opaque", string ns = "default", string version = "1")
    {
        _secrets[new ObjectKey(ns, name)] = new SecretContent(
            "uid-" + name, version, type, data.ToImmutableDictionary(pair => pair.Key, pair => Encoding.UTF8.GetBytes(pair.Value)));
        return this;
    }

    public Scenario NoSecret(string name, string ns = "default")
    {
        _secrets[new ObjectKey(ns, name)] = null;
        return this;
    }

    public Scenario ConfigMap(string name, Dictionary<string, string> data, string ns = "default")
    {
        _configMaps[new ObjectKey(ns, name)] = new ConfigMapContent(data.ToImmutableDictionary());
        return this;
    }

    public Scenario NoConfigMap(string name, string ns = "default")
    {
        _configMaps[new ObjectKey(ns, name)] = null;
        return this;
    }

    /// <summary>A namespace with labels, and perhaps the annotation with its prefix.</summary>
    public Scenario Namespace(string name, Dictionary<string, string?>? labels = null, string? prefix = null)
    {
        Namespaces[name] = new TenantNamespace
        {
            Metadata = new NamespaceMetadata
            {
                Name = name,
                Labels = labels,
                Annotations = prefix is null ? null : new() { [TenantNamespace.RoutePrefixAnnotation] = prefix },
            },
        };
        return this;
    }

    /// <summary>Other rules for the class.</summary>
    public Scenario Rules(WagiClassSpec spec)
    {
        Class = new WagiClass { Metadata = new V1ObjectMeta { Name = "shared" }, Spec = spec };
        return this;
    }

    /// <summary>A runtime that serves the present <c>modules.toml</c>, but for what <paramref name="change"/> says.</summary>
    public Scenario Runtime(string name, Func<ModuleStatus, ModuleStatus?>? change = null)
    {
        var entries = ModulesTomlReader.Read(Toml ?? "", "modules.toml").Entries;
        Runtimes.RemoveAll(runtime => runtime.Name == name);
        Runtimes.Add(new RuntimeReport(name, new RuntimeStatus
        {
            Version = "test",
            Ready = true,
            Configuration = new ConfigurationStatus { Path = "modules.toml", Digest = "sha256:0", ReadAt = Start, Problems = [] },
            Modules = [.. entries.Select(entry => (change ?? (status => status))(Serving(entry))).OfType<ModuleStatus>()],
        }));
        return this;
    }

    public Scenario UnreachableRuntime(string name, string error)
    {
        Runtimes.RemoveAll(runtime => runtime.Name == name);
        Runtimes.Add(new RuntimeReport(name, null, error));
        return this;
    }

    /// <summary>A runtime to which no requests are sent yet and that does not answer.</summary>
    public Scenario StartingRuntime(string name, string error)
    {
        Runtimes.Add(new RuntimeReport(name, null, error, TakesRequests: false, IsStarting: true));
        return this;
    }

    private static ModuleStatus Serving(ModuleEntry entry) => new()
    {
        Id = entry.Id,
        Revision = entry.Revision,
        State = ModuleState.Ready,
        Reason = ModuleReason.Ready,
        Since = Start,
        Route = entry.Route.ToString(),
        Module = entry.Module.ToString(),
        Serving = entry.Module.ToString(),
        Routes = [entry.Route.ToString()],
    };

    public PlanInput Input()
    {
        var input = new PlanInput
        {
            Modules = Modules,
            Secrets = _secrets,
            ConfigMaps = _configMaps,
            LocalModules = LocalModules,
            Runtimes = Runtimes,
            PreviousToml = Toml,
            PreviousSecrets = SecretData,
            Roster = Class is null ? null : new ClassRoster([Class], Class.Name),
            Rules = Class is null ? null : ClassReader.TryRead(Class, "wagi-system", out var rules, out var problems)
                ? rules
                : throw new InvalidOperationException(string.Join("; ", problems)),
            Namespaces = Namespaces,
            Settings = Settings,
            Now = Now,
        };
        var requests = Planner.Plan(input).Resolutions;
        return input with
        {
            Resolutions = requests.Where(request => _tags.ContainsKey(request.Reference)).ToDictionary(request => request, request => _tags[request.Reference]),
        };
    }

    /// <summary>Plans and writes: the file, the Secret and the statuses.</summary>
    public Plan Plan()
    {
        var plan = Planner.Plan(Input());
        Toml = plan.Toml;
        SecretData = plan.SecretData;
        foreach (var module in Modules)
        {
            module.Status = plan.Verdicts.SingleOrDefault(verdict => verdict.Key == module.Key)?.Status ?? module.Status;
        }

        return plan;
    }
}
