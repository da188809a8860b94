namespace Wagi.Modules.Status;

/// <summary>How far the runtime is with an entry.</summary>
public enum ModuleState
{
    /// <summary>It is being pulled or compiled, or waits for its secrets.</summary>
    Loading,

    /// <summary>It is being served as configured.</summary>
    Ready,

    /// <summary>It could not be loaded as configured; an earlier version may still be served.</summary>
    Failed,
}
