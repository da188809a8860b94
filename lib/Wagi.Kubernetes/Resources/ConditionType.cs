using System.Collections.Immutable;
using Wagi.Modules.Status;

namespace Wagi.Kubernetes.Resources;

/// <summary>
/// The conditions of a WagiModule, in the order in which they are reached. <c>docs/operations.md</c> explains them to users.
/// </summary>
public static class ConditionType
{
    /// <summary>True: the spec is valid and the module has its route.</summary>
    public const string Accepted = nameof(Accepted);

    /// <summary>True: the module's digest is known, and the Secrets and ConfigMaps that the spec names are there.</summary>
    public const string Resolved = nameof(Resolved);

    /// <summary>True: the <c>modules.toml</c> that the runtimes read holds the module as specified.</summary>
    public const string Programmed = nameof(Programmed);

    /// <summary>True: there is a runtime, and every runtime that requests are sent to says that it serves the module as specified.</summary>
    public const string Ready = nameof(Ready);

    /// <summary>
    /// True: the module will not become ready before somebody changes something; absent otherwise. With it kstatus (and so Flux, Argo CD
    /// and <c>kustomize</c>) reports a failure at once instead of waiting until its timeout.
    /// </summary>
    public const string Stalled = nameof(Stalled);
}

/// <summary>
/// Which reasons the conditions of a WagiModule may have, for the reference. A test holds it against the constants of
/// <see cref="ConditionType"/>, <see cref="ConditionReason"/> and <see cref="ModuleReason"/>.
/// </summary>
public static class ConditionCatalog
{
    /// <summary>What a Secret, a ConfigMap or a registry may lack.</summary>
    private static readonly ImmutableArray<string> Unresolved =
    [
        ConditionReason.Resolving,
        ConditionReason.SecretNotFound, ConditionReason.SecretKeyNotFound, ConditionReason.SecretUnusable,
        ConditionReason.ConfigMapNotFound, ConditionReason.ConfigMapKeyNotFound, ConditionReason.ConfigMapUnusable,
        ModuleReason.RegistryUnreachable, ModuleReason.Unauthorized, ModuleReason.NotFound, ModuleReason.DigestMismatch,
        ModuleReason.SignatureInvalid, ModuleReason.NotWasm, ModuleReason.PullFailed, ModuleReason.InvalidEntry,
    ];

    /// <summary>What a runtime may lack, or find wrong with a module that it has pulled.</summary>
    private static readonly ImmutableArray<string> NotServed =
    [
        ConditionReason.WriteDelayed, ConditionReason.NoRuntimes, ConditionReason.RuntimeUnreachable, ConditionReason.Updating,
        ModuleReason.Loading, ModuleReason.SecretsPending, ModuleReason.UnknownImport, ModuleReason.CompileFailed, ModuleReason.EntrypointMissing,
        ModuleReason.RoutesFailed, ModuleReason.TooManyModules, ModuleReason.UnknownRequirement,
    ];

    /// <summary>The conditions in the order in which they are reached: what True means, the reasons of True, and the others.</summary>
    public static ImmutableArray<(string Type, string Meaning, ImmutableArray<string> True, ImmutableArray<string> Others)> All { get; } =
    [
        (ConditionType.Accepted, "The spec is valid, its class allows it, and the module has its route.", [ConditionReason.Accepted],
            [
                ConditionReason.InvalidSpec, ConditionReason.ClassNotFound, ConditionReason.NotAllowedByClass, ConditionReason.RouteConflict,
                ConditionReason.TooLarge, ConditionReason.BudgetExceeded, ConditionReason.Suspended, ConditionReason.Deleting,
            ]),
        (ConditionType.Resolved, "The module's digest is known, and the Secrets and ConfigMaps that the spec names are there.",
            [ConditionReason.Resolved, ConditionReason.ResolvedBefore], [ConditionReason.NotAccepted, ConditionReason.Suspended, .. Unresolved]),
        (ConditionType.Programmed, "The `modules.toml` that the runtimes read holds the module as specified.",
            [ConditionReason.Programmed, ConditionReason.Suspended], [ConditionReason.NotAccepted, ConditionReason.NotResolved, ConditionReason.WriteDelayed]),
        (ConditionType.Ready, "There is a runtime, and every runtime that requests are sent to serves the module as specified. The other reasons of `Accepted` and `Resolved` appear here as well.",
            [ConditionReason.Ready], NotServed),
        (ConditionType.Stalled, "Nothing changes until somebody acts: waiting does not help. Present only while that is true, with the reason of `Ready`.", [], []),
    ];
}
