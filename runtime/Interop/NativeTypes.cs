using System.Runtime.InteropServices;
using System.Text;

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

/// <summary><c>wasmtime_func_t</c>: names a function inside its store, always by the same number; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential)]
internal record struct FuncRef
{
    public ulong Store;
    public nuint Index;
}

/// <summary><c>wasmtime_memory_t</c>: names a linear memory inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MemoryRef
{
    public ulong Store;
    public nuint Index1;
    public uint Index2;
}

/// <summary><c>wasmtime_global_t</c>: names a global inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential, Size = 24)]
internal struct GlobalRef
{
    public ulong Store;
}

/// <summary><c>wasmtime_table_t</c>: names a table inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential, Size = 24)]
internal struct TableRef
{
    public ulong Store;
}

/// <summary><c>wasmtime_val_t</c>, of a number, a vector or a reference to a function: nothing to free.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct Value
{
    [FieldOffset(0)]
    public byte Kind;

    [FieldOffset(8)]
    public FuncRef Func;

    [FieldOffset(8)]
    public ulong Low;

    [FieldOffset(16)]
    public ulong High;
}

/// <summary><c>wasmtime_instance_t</c>: names an instance inside its store; nothing to free.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct InstanceRef
{
    public ulong Store;
    public nuint Index;
}

/// <summary><c>wasmtime_extern_kind_t</c>, the kinds that are used here.</summary>
internal enum ExternKind : byte
{
    Func = 0,
    Memory = 3,
}

/// <summary>
/// <c>wasmtime_extern_t</c>. The kinds that are looked up here own nothing; a shared memory would, and cannot occur because the engine is made
/// without threads.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct ExternItem
{
    [FieldOffset(0)]
    public ExternKind Kind;

    [FieldOffset(8)]
    public FuncRef Func;

    [FieldOffset(8)]
    public GlobalRef Global;

    [FieldOffset(8)]
    public TableRef Table;

    [FieldOffset(8)]
    public MemoryRef Memory;
}

/// <summary>Any <c>wasm_*_vec_t</c> of pointers: value types, import types, export types.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PointerVec
{
    public nuint Size;
    public nint* Data;
}

/// <summary><c>wasm_byte_vec_t</c>: bytes that Wasmtime allocated. Whoever receives one owns it, unless it came by pointer.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ByteVec
{
    public nuint Size;
    public byte* Data;

    public readonly ReadOnlySpan<byte> Span => new(Data, checked((int)Size));

    public readonly string Text => Encoding.UTF8.GetString(Span);

    /// <summary>Copies the text out and frees the native bytes.</summary>
    public string TakeText()
    {
        var text = Text;
        Free();
        return text;
    }

    /// <summary>Copies the bytes out and frees the native ones.</summary>
    public byte[] TakeBytes()
    {
        var bytes = Span.ToArray();
        Free();
        return bytes;
    }

    public void Free()
    {
        fixed (ByteVec* self = &this)
        {
            NativeMethods.wasm_byte_vec_delete(self);
        }
    }
}
