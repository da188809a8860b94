using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_memory_creator_t</c>: who makes the linear memories of an engine.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MemoryCreator
{
    /// <summary>Handed to <see cref="New"/>.</summary>
    public nint Environment;

    /// <summary>
    /// <c>wasmtime_new_memory_callback_t</c>: environment, type, bytes at the beginning, bytes at most, bytes of address space, bytes of
    /// guard behind it, and where the memory goes. Gives back an error, or null. All bytes of a new memory are zero.
    /// </summary>
    public delegate* unmanaged<nint, nint, nuint, nuint, nuint, nuint, LinearMemoryFunctions*, nint> New;

    /// <summary>Called when the engine is gone; may be null.</summary>
    public delegate* unmanaged<nint, void> Finalizer;
}

/// <summary><c>wasmtime_linear_memory_t</c>: a memory that a <see cref="MemoryCreator"/> has made.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LinearMemoryFunctions
{
    /// <summary>Handed to the functions.</summary>
    public nint Environment;

    /// <summary>Gives back where it is, and stores its size and the size that it can have without being moved, in bytes.</summary>
    public delegate* unmanaged<nint, nuint*, nuint*, byte*> Get;

    /// <summary>Makes it this large, in bytes. Gives back an error, or null.</summary>
    public delegate* unmanaged<nint, nuint, nint> Grow;

    /// <summary>Called when nobody uses it any more.</summary>
    public delegate* unmanaged<nint, void> Finalizer;
}
