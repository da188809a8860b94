using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_memory_t</c>: names a linear memory inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MemoryRef
{
    public ulong Store;
    public nuint Index1;
    public uint Index2;
}
