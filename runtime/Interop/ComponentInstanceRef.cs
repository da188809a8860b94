using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_component_instance_t</c>: names an instance inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct ComponentInstanceRef
{
    public ulong Store;
    public uint Index;
}
