using System.Collections.Frozen;
using Wagi.Modules.Status;

namespace Wagi.Kubernetes.Resources;

/// <summary>What to do when a condition of a WagiModule has a reason. A test holds the texts against <c>docs/operations.md</c>.</summary>
/// <param name="Text">What to do, in the words of the page.</param>
/// <param name="CommandTemplate">The command that helps; <see cref="CommandFor"/> fills it in.</param>
public sealed record ReasonAdvice(string Text, string CommandTemplate)
{
    private const string Describe = "kubectl describe wagimodule {name} --namespace {namespace}";

    private const string Wait = "kubectl wait --for=condition=Ready wagimodule/{name} --namespace {namespace}";

    private const string Runtimes = "kubectl get pods --all-namespaces --selector app.kubernetes.io/component=runtime --output wide";

    /// <summary>Every reason of a condition that is not as it should be.</summary>
    public static FrozenDictionary<string, ReasonAdvice> All { get; } = new Dictionary<string, ReasonAdvice>(StringComparer.Ordinal)
    {
        [ConditionReason.InvalidSpec] = new(
            "Correct the field that the message names. API servers before 1.25 do not refuse all of these themselves, because CEL rules need 1.25: they check the schema alone. It is also the reason when modules.toml cannot hold the module, or when the API server does not take the ConfigMap or the Secret with it; then it is tried again every five minutes.",
            "kubectl explain wagimodule.spec"),
        [ConditionReason.RouteConflict] = new(
            "Another WagiModule has the route (the older one wins, then the name). Choose another route or host, or delete the other.",
            "kubectl get wagimodules --all-namespaces"),
        [ConditionReason.TooLarge] = new(
            "The module takes more than 64 KiB of the ConfigMap or the Secret for the runtimes, or there is no room for it beside what is served (1 MiB in each). Its last good version stays. Move large values out of env, remove other WagiModules, or run a second installation.",
            "kubectl get wagimodules --all-namespaces"),
        [ConditionReason.ClassNotFound] = new(
            "There is no WagiClass of that name: correct spec.className, or leave it out for the default class. kubectl get wagiclasses lists them.",
            "kubectl get wagiclasses"),
        [ConditionReason.NotAllowedByClass] = new(
            "The spec breaks rules of its class, which the message names, and who can change them. Change the spec, or ask them.",
            "kubectl get wagiclasses --output yaml"),
        [ConditionReason.BudgetExceeded] = new(
            "The namespace has all that one namespace may have of the class. Remove or shrink WagiModules of the namespace, or ask for more (spec.budget of the class).",
            "kubectl get wagimodules --namespace {namespace}"),
        [ConditionReason.Suspended] = new(
            "Nothing: spec.suspend is true, and the module stays as it is. What Ready says is about what is served.",
            "kubectl patch wagimodule {name} --namespace {namespace} --type merge --patch '{\"spec\":{\"suspend\":false}}'"),
        [ConditionReason.Deleting] = new(
            "Nothing: it is being deleted.",
            "kubectl wait --for=delete wagimodule/{name} --namespace {namespace}"),
        [ConditionReason.Resolving] = new(
            "Wait: the registry is being asked.",
            Wait),
        [ConditionReason.ResolvedBefore] = new(
            "The registry does not answer, so the last known digest is used. Look at the registry.",
            Describe),
        [ConditionReason.SecretNotFound] = new(
            "Create it in the module's own namespace.",
            "kubectl get secrets --namespace {namespace}"),
        [ConditionReason.ConfigMapNotFound] = new(
            "Create it in the module's own namespace.",
            "kubectl get configmaps --namespace {namespace}"),
        [ConditionReason.SecretKeyNotFound] = new(
            "Add the key, correct its name, or mark the reference optional.",
            "kubectl describe secrets --namespace {namespace}"),
        [ConditionReason.ConfigMapKeyNotFound] = new(
            "Add the key, correct its name, or mark the reference optional.",
            "kubectl describe configmaps --namespace {namespace}"),
        [ConditionReason.SecretUnusable] = new(
            "The value is not text, or the Secret is not of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg.",
            "kubectl get secrets --namespace {namespace}"),
        [ConditionReason.ConfigMapUnusable] = new(
            "The value is not text, or the Secret is not of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg.",
            "kubectl get configmaps --namespace {namespace}"),
        [ConditionReason.NotAccepted] = new(
            "See the condition above it.",
            Describe),
        [ConditionReason.NotResolved] = new(
            "See the condition above it.",
            Describe),
        [ConditionReason.WriteDelayed] = new(
            "Wait. The namespace has changed its modules so often that its changes wait; the last good version is served.",
            Wait),
        [ConditionReason.NoRuntimes] = new(
            "No runtime pod has the labels that the operator looks for (--runtime-selector).",
            Runtimes),
        [ConditionReason.RuntimeUnreachable] = new(
            "The operator cannot reach the admin port of a runtime whose pod is ready: a network policy, or a pod that hangs.",
            Runtimes),
        [ConditionReason.Updating] = new(
            "Wait: a runtime has not read the new file yet, or all runtimes are still starting. A pod that starts beside others does not count.",
            Runtimes),
        [ModuleReason.Loading] = new(
            "Wait: it is being pulled or compiled.",
            Wait),
        [ModuleReason.SecretsPending] = new(
            "Wait: the mounted Secret does not have the version that the entry asks for yet (a kubelet takes up to 90 s).",
            Wait),
        [ModuleReason.RegistryUnreachable] = new(
            "Check host, port, DNS and network. If the message speaks of an insecure registry, the registry may use plain HTTP: add it to the chart's value insecureRegistries, or outside a cluster to --insecure-registry. Tried again, later every two minutes.",
            Describe),
        [ModuleReason.Unauthorized] = new(
            "Check imagePullSecrets. Tried again.",
            "kubectl create secret docker-registry NAME --namespace {namespace} --docker-server=REGISTRY --docker-username=USER --docker-password=PASSWORD"),
        [ModuleReason.NotFound] = new(
            "Check repository, tag or file; push the module. Tried again.",
            "wagi push FILE {tag}"),
        [ModuleReason.DigestMismatch] = new(
            "The registry's content is damaged or was replaced. Push it again.",
            "wagi push FILE {tag}"),
        [ModuleReason.SignatureInvalid] = new(
            "The module must be signed, and no signature beside it in the registry is valid by one of the keys. The message says what was found. cosign sign --key KEY REGISTRY/REPOSITORY@DIGEST, or correct the keys. What was served before is served on. Tried again.",
            "cosign sign --key KEY {module}"),
        [ModuleReason.NotWasm] = new(
            "The reference leads to something else, and the message says what. Push with wagi push or oras push … FILE:application/wasm.",
            "wagi push FILE {tag}"),
        [ModuleReason.PullFailed] = new(
            "See the message: the registry limits the rate or failed, its address is denied, the module is too large, or it has not arrived within ten minutes. Tried again.",
            Describe),
        [ModuleReason.UnknownImport] = new(
            "The module imports a function that the runtime does not offer. The message names it. Compile for WASI preview 1, or for preview 2 without HTTP. Or a Spin application needs what modules do not have, such as a key-value store.",
            "wagi check {module}"),
        [ModuleReason.CompileFailed] = new(
            "The module is not valid WebAssembly: build it again. Or compiling it takes more memory or time than --compile-memory and --compile-time allow: make it smaller, for instance with wasm-opt, or raise them.",
            "wagi check {module}"),
        [ModuleReason.TooManyModules] = new(
            "The process has no room for another: half of its descriptors (ulimit -n) and what vm.max_map_count leaves. Raise these, or spread the modules over more than one installation. Tried again.",
            Runtimes),
        [ModuleReason.EntrypointMissing] = new(
            "The module does not export entrypoint, or the component exports neither wasi:http/incoming-handler nor wasi:cli/run.",
            "wagi check {module}"),
        [ModuleReason.RoutesFailed] = new(
            "The module's _routes() failed or printed something that is not a route, or more than 256 routes.",
            "wagi check {module}"),
        [ModuleReason.InvalidEntry] = new(
            "A key of the entry is wrong. The message says which.",
            Describe),
        [ModuleReason.UnknownRequirement] = new(
            "The entry requires something that this runtime is too old for. The message names it. Upgrade the runtimes.",
            Runtimes),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The command that helps with a WagiModule.</summary>
    public string CommandFor(WagiModule module)
    {
        ArgumentNullException.ThrowIfNull(module);
        return CommandTemplate
            .Replace("{name}", module.Key.Name, StringComparison.Ordinal)
            .Replace("{namespace}", module.Key.Namespace, StringComparison.Ordinal)
            .Replace("{tag}", Reference(module).Split('@')[0], StringComparison.Ordinal)
            .Replace("{module}", Reference(module), StringComparison.Ordinal);
    }

    /// <summary>The module without its scheme, as registries' tools want it.</summary>
    private static string Reference(WagiModule module)
    {
        const string Oci = "oci:";
        var text = module.Spec.Module ?? "REFERENCE";
        return text.StartsWith(Oci, StringComparison.Ordinal) ? text[Oci.Length..].TrimStart('/') : text;
    }
}
