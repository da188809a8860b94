namespace Wagi.Operator.Resources;

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
