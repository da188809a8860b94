namespace Wagi.Runtime.Lowering;

/// <summary>Something of the host that a component has a handle to.</summary>
internal abstract class Resource
{
    /// <summary>The component has dropped its handle: what the host holds for it is given back. Not called for a resource that was given away.</summary>
    public virtual void Drop() => Release();

    /// <summary>The component has ended with its handle, and its store is gone.</summary>
    public virtual void Release()
    {
    }
}

/// <summary>A resource that a component can drop a handle to, and never gets one.</summary>
internal sealed class NeverHandedOut : Resource;
