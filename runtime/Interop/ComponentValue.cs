using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace Wagi.Runtime.Interop;

/// <summary>
/// <c>wasmtime_component_val_t</c>: a value of the component model. One that is made here is handed over by putting it into another
/// or into a result; an argument belongs to the caller.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal unsafe struct ComponentValue
{
    [FieldOffset(0)]
    private ComponentValueKind _kind;

    [FieldOffset(8)]
    private byte _u8;

    [FieldOffset(8)]
    private uint _u32;

    [FieldOffset(8)]
    private ulong _u64;

    [FieldOffset(8)]
    private ByteVec _text;

    [FieldOffset(8)]
    private ComponentVec _vec;

    // Of an option (null: none) or a resource.
    [FieldOffset(8)]
    private void* _pointer;

    // Of a result, behind the flag that says whether it is ok.
    [FieldOffset(16)]
    private ComponentValue* _outcome;

    // Of a variant, behind the name of the case.
    [FieldOffset(24)]
    private ComponentValue* _payload;

    public static ComponentValue None => new() { _kind = ComponentValueKind.Option };

    public readonly byte AsU8 => Is(ComponentValueKind.U8) ? _u8 : throw WrongType();

    public readonly ulong AsU64 => Is(ComponentValueKind.U64) ? _u64 : throw WrongType();

    /// <summary>Whether a result is ok.</summary>
    public readonly bool IsOk => Is(ComponentValueKind.Result) ? _u8 != 0 : throw WrongType();

    /// <summary>The handle of a resource.</summary>
    public readonly nint AsResource => Is(ComponentValueKind.Resource) ? (nint)_pointer : throw WrongType();

    /// <summary>The elements of a list, which are all of one kind.</summary>
    public readonly ReadOnlySpan<ComponentValue> AsList =>
        Is(ComponentValueKind.List) ? new(_vec.Data, checked((int)_vec.Size)) : throw WrongType();

    public static ComponentValue U32(uint value) => new() { _kind = ComponentValueKind.U32, _u32 = value };

    public static ComponentValue U64(ulong value) => new() { _kind = ComponentValueKind.U64, _u64 = value };

    public static ComponentValue Bool(bool value) => new() { _kind = ComponentValueKind.Bool, _u8 = value ? (byte)1 : (byte)0 };

    /// <summary>A string. What is not UTF-8 becomes U+FFFD: Wasmtime would end the process over it.</summary>
    public static ComponentValue Text(ReadOnlySpan<byte> utf8) =>
        new() { _kind = ComponentValueKind.String, _text = Bytes(Utf8.IsValid(utf8) ? utf8 : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8))) };

    public static ComponentValue Enum(ReadOnlySpan<byte> name) => new() { _kind = ComponentValueKind.Enum, _text = Bytes(name) };

    public static ComponentValue Case(ReadOnlySpan<byte> name) => new() { _kind = ComponentValueKind.Variant, _text = Bytes(name) };

    public static ComponentValue Resource(nint handle) => new() { _kind = ComponentValueKind.Resource, _pointer = (void*)handle };

    /// <summary>A result without a value.</summary>
    public static ComponentValue Ok() => new() { _kind = ComponentValueKind.Result, _u8 = 1 };

    public static ComponentValue Ok(ComponentValue value) => new() { _kind = ComponentValueKind.Result, _u8 = 1, _outcome = Box(value) };

    public static ComponentValue Error(ComponentValue value) => new() { _kind = ComponentValueKind.Result, _outcome = Box(value) };

    public static ComponentValue Tuple(params ReadOnlySpan<ComponentValue> values)
    {
        var tuple = new ComponentValue { _kind = ComponentValueKind.Tuple };
        fixed (ComponentValue* pointer = values)
        {
            NativeMethods.wasmtime_component_valtuple_new(&tuple._vec, (nuint)values.Length, pointer);
        }

        return tuple;
    }

    public static ComponentValue List(params ReadOnlySpan<ComponentValue> values)
    {
        var list = new ComponentValue { _kind = ComponentValueKind.List };
        fixed (ComponentValue* pointer = values)
        {
            NativeMethods.wasmtime_component_vallist_new(&list._vec, (nuint)values.Length, pointer);
        }

        return list;
    }

    /// <summary>A <c>list&lt;u8&gt;</c>: Wasmtime wants a value for every byte.</summary>
    public static ComponentValue ByteList(ReadOnlySpan<byte> bytes)
    {
        var list = new ComponentValue { _kind = ComponentValueKind.List };
        NativeMethods.wasmtime_component_vallist_new_uninit(&list._vec, (nuint)bytes.Length);
        var values = new Span<ComponentValue>(list._vec.Data, bytes.Length);
        for (var i = 0; i < bytes.Length; i++)
        {
            values[i]._kind = ComponentValueKind.U8;
            values[i]._u8 = bytes[i];
        }

        return list;
    }

    public static ComponentValue Record(ReadOnlySpan<byte> name1, ComponentValue value1, ReadOnlySpan<byte> name2, ComponentValue value2)
    {
        var fields = stackalloc ComponentField[] { new() { Name = Bytes(name1), Value = value1 }, new() { Name = Bytes(name2), Value = value2 } };
        var record = new ComponentValue { _kind = ComponentValueKind.Record };
        NativeMethods.wasmtime_component_valrecord_new(&record._vec, 2, fields);
        return record;
    }

    /// <summary>Frees what it holds; for values that nobody took over.</summary>
    public void Free()
    {
        fixed (ComponentValue* self = &this)
        {
            NativeMethods.wasmtime_component_val_delete(self);
        }
    }

    /// <summary>
    /// A component declares what it imports itself, and Wasmtime holds it to that declaration only: an argument may be of any type. Reading
    /// it as another type makes the guest trap.
    /// </summary>
    private readonly bool Is(ComponentValueKind kind) => _kind == kind;

    private static TrapException WrongType() => new("an argument of a WASI function does not have the type that WASI gives it");

    private static ByteVec Bytes(ReadOnlySpan<byte> bytes)
    {
        ByteVec vec;
        fixed (byte* pointer = bytes)
        {
            NativeMethods.wasm_byte_vec_new(&vec, (nuint)bytes.Length, pointer);
        }

        return vec;
    }

    private static ComponentValue* Box(ComponentValue value) => NativeMethods.wasmtime_component_val_new(&value);
}

/// <summary><c>wasmtime_component_valkind_t</c>, the kinds that WASI preview 2 uses.</summary>
internal enum ComponentValueKind : byte
{
    Bool = 0,
    U8 = 2,
    U32 = 6,
    U64 = 8,
    String = 12,
    List = 13,
    Record = 14,
    Tuple = 15,
    Variant = 16,
    Enum = 17,
    Option = 18,
    Result = 19,
    Resource = 21,
}

/// <summary>The vectors inside a <see cref="ComponentValue"/>: lists, tuples and records.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ComponentVec
{
    public nuint Size;
    public void* Data;
}

/// <summary><c>wasmtime_component_valrecord_entry_t</c>: a field of a record.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ComponentField
{
    public ByteVec Name;
    public ComponentValue Value;
}
