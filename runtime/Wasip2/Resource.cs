using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Wasip2;

/// <summary>Something of the host that a component has a handle to.</summary>
internal abstract class Resource
{
    /// <summary>The component has dropped its handle.</summary>
    public virtual void Dropped(GuestRun run)
    {
    }
}

/// <summary><c>wasi:io/error.error</c>: why an operation on a stream has failed.</summary>
internal sealed class IoError(string message) : Resource
{
    public string Message { get; } = message;
}

/// <summary>A resource that a component can drop a handle to, and never gets one.</summary>
internal sealed class NeverHandedOut : Resource;
