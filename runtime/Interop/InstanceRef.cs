using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_instance_t</c>: names an instance inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InstanceRef
{
    public ulong Store;
    public nuint Index;
}
