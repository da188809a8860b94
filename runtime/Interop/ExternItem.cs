using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary>
/// <c>wasmtime_extern_t</c>. Functions and memories, the kinds that are looked up here, own nothing; a shared memory would, and
/// cannot occur because the engine is made without threads.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct ExternItem
{
    [FieldOffset(0)]
    public ExternKind Kind;

    [FieldOffset(8)]
    public FuncRef Func;

    [FieldOffset(8)]
    public MemoryRef Memory;
}
