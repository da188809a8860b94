using Wagi.Modules.Status;

namespace Wagi.Kubernetes.Resources;

/// <summary>
/// The reasons that the operator gives. <c>Ready</c> also takes the reasons of the runtimes (<see cref="ModuleReason"/>), and
/// <c>Resolved</c> those of them that are about registries.
/// </summary>
public static class ConditionReason
{
    /// <summary>Accepted: the spec is valid and the module has its route.</summary>
    public const string Accepted = nameof(Accepted);

    /// <summary>Accepted: the spec says something that cannot be; the message names the field.</summary>
    public const string InvalidSpec = nameof(InvalidSpec);

    /// <summary>Accepted: an older WagiModule has the route; the message names it.</summary>
    public const string RouteConflict = ModuleReason.RouteConflict;

    /// <summary>Accepted: the module takes more than one may, or does not fit into the ConfigMap or Secret for the runtimes (1 MiB each) beside what is served.</summary>
    public const string TooLarge = nameof(TooLarge);

    /// <summary>Accepted: there is no WagiClass of the name that the spec gives.</summary>
    public const string ClassNotFound = nameof(ClassNotFound);

    /// <summary>Accepted: the spec breaks a rule of its WagiClass; the message names the rule.</summary>
    public const string NotAllowedByClass = nameof(NotAllowedByClass);

    /// <summary>Accepted: the namespace has all that one namespace may have of the WagiClass.</summary>
    public const string BudgetExceeded = nameof(BudgetExceeded);

    /// <summary>Every condition but Ready: the spec says that the module stays as it is.</summary>
    public const string Suspended = nameof(Suspended);

    /// <summary>Accepted: the WagiModule is being deleted and is no longer served.</summary>
    public const string Deleting = nameof(Deleting);

    /// <summary>Resolved: everything that the spec names was found.</summary>
    public const string Resolved = nameof(Resolved);

    /// <summary>
    /// Resolved, with status True: the registry does not answer for the tag now, and the digest that it had before is used.
    /// </summary>
    public const string ResolvedBefore = nameof(ResolvedBefore);

    /// <summary>Resolved: the registry is being asked, or the Secrets and ConfigMaps are being read.</summary>
    public const string Resolving = nameof(Resolving);

    /// <summary>Resolved: a Secret that the spec names does not exist in the namespace.</summary>
    public const string SecretNotFound = nameof(SecretNotFound);

    /// <summary>Resolved: a Secret does not hold the key that the spec names.</summary>
    public const string SecretKeyNotFound = nameof(SecretKeyNotFound);

    /// <summary>Resolved: a Secret's content cannot be used: no text, or not of the type that <c>imagePullSecrets</c> takes.</summary>
    public const string SecretUnusable = nameof(SecretUnusable);

    /// <summary>Resolved: a ConfigMap that the spec names does not exist in the namespace.</summary>
    public const string ConfigMapNotFound = nameof(ConfigMapNotFound);

    /// <summary>Resolved: a ConfigMap does not hold the key that the spec names.</summary>
    public const string ConfigMapKeyNotFound = nameof(ConfigMapKeyNotFound);

    /// <summary>Resolved: the content of a ConfigMap's key cannot be the value of an environment variable.</summary>
    public const string ConfigMapUnusable = nameof(ConfigMapUnusable);

    /// <summary>Programmed: the runtimes' <c>modules.toml</c> holds the module as specified.</summary>
    public const string Programmed = nameof(Programmed);

    /// <summary>Resolved or Programmed: not before the module is accepted.</summary>
    public const string NotAccepted = nameof(NotAccepted);

    /// <summary>Programmed: not before everything that the spec names was found.</summary>
    public const string NotResolved = nameof(NotResolved);

    /// <summary>Programmed and Ready: the change waits, because too much has been written for the runtimes in a short time.</summary>
    public const string WriteDelayed = nameof(WriteDelayed);

    /// <summary>Ready: every runtime serves the module as specified.</summary>
    public const string Ready = ModuleReason.Ready;

    /// <summary>Ready: there is no runtime that could serve the module.</summary>
    public const string NoRuntimes = nameof(NoRuntimes);

    /// <summary>Ready: a runtime does not answer on its admin port.</summary>
    public const string RuntimeUnreachable = nameof(RuntimeUnreachable);

    /// <summary>Ready: a runtime has not read the present <c>modules.toml</c> yet.</summary>
    public const string Updating = nameof(Updating);
}
