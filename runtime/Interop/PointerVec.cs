using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary>Any <c>wasm_*_vec_t</c> of pointers: value types, import types, export types.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PointerVec
{
    public nuint Size;
    public nint* Data;
}
