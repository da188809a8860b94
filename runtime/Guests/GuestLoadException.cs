namespace Wagi.Runtime.Guests;

/// <summary>A module cannot be compiled, loaded or linked.</summary>
public sealed class GuestLoadException(string reason, string message) : Exception(message)
{
    /// <summary>One of <see cref="Modules.Status.ModuleReason"/>.</summary>
    public string Reason { get; } = reason;
}
