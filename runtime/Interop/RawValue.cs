using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_val_raw_t</c>: an argument or result without its type. Always little-endian, 16 bytes (room for a v128).</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct RawValue
{
    [FieldOffset(0)]
    public int I32;

    [FieldOffset(0)]
    public uint U32;

    [FieldOffset(0)]
    public long I64;

    [FieldOffset(0)]
    public ulong U64;
}
