using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_func_t</c>: names a function inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FuncRef
{
    public ulong Store;
    public nuint Index;
}
