namespace Wagi.Runtime.Sources;

/// <summary>A module's bytes cannot be had.</summary>
/// <param name="reason">One of <see cref="Modules.Status.ModuleReason"/>.</param>
/// <param name="message">What was wrong, where, and what to do.</param>
/// <param name="inner">The cause.</param>
internal sealed class ModuleSourceException(string reason, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>One of <see cref="Modules.Status.ModuleReason"/>.</summary>
    public string Reason { get; } = reason;

    /// <summary>Whether it may be otherwise a while later. An entry that is wrong stays wrong until somebody changes it.</summary>
    public bool IsWorthRetrying { get; init; } = reason != Modules.Status.ModuleReason.InvalidEntry;
}
