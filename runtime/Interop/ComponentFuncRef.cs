using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_component_func_t</c>: names a function inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential, Size = 32)]
internal struct ComponentFuncRef
{
    public ComponentInstanceRef Instance;
    public uint Index;

    public nint Export;
}
