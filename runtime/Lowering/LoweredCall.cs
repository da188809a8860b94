using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Lowering;

/// <summary>
/// A call of a component to the host, in the shape that the canonical ABI gives it (component model, "Canonical ABI": <c>canon_lower</c>): flat
/// arguments, and everything longer in the guest's memory.
/// </summary>
internal readonly ref struct LoweredCall
{
    /// <summary>Says that there is no function that gives memory.</summary>
    public const int WithoutRealloc = -1;

    private readonly HostCall _call;
    private readonly int _realloc;

    public LoweredCall(HostCall call, int realloc)
    {
        _call = call;
        _realloc = realloc;
        Component = ComponentRun.Of(call.Run);
    }

    /// <summary>The run that the calling guest belongs to.</summary>
    public GuestRun Run => _call.Run;

    /// <summary>The store that it runs in, a <c>wasmtime_context_t</c>.</summary>
    public nint Context => _call.Context;

    /// <summary>What the host keeps for it.</summary>
    public ComponentRun Component { get; }

    /// <summary>The guest's memory; valid until the guest runs on, also in <see cref="Allocate"/>.</summary>
    /// <exception cref="TrapException">It has none.</exception>
    public GuestMemory Memory => _call.FindMemory() ? _call.Memory : throw new TrapException("the component has no memory");

    public uint U32(int argument) => _call.Arguments[argument].U32;

    public ulong U64(int argument) => _call.Arguments[argument].U64;

    /// <summary>What the handle in an argument leads to.</summary>
    /// <exception cref="TrapException">It leads to no such thing.</exception>
    public T Resource<T>(int argument)
        where T : Resource => Component.Handles.Get<T>(U32(argument));

    /// <summary>As <see cref="Resource{T}"/>, and the guest has given the resource away.</summary>
    /// <exception cref="TrapException">It leads to no such thing.</exception>
    public T Take<T>(int argument)
        where T : Resource => Component.Handles.Remove<T>(U32(argument));

    /// <summary>A handle for the guest.</summary>
    /// <exception cref="TrapException">It holds too many.</exception>
    public uint Own(Resource resource) => Component.Handles.Add(resource);

    /// <summary>A list of bytes, whose address and length are two arguments.</summary>
    /// <exception cref="TrapException">It is not inside the memory.</exception>
    public ReadOnlySpan<byte> Bytes(int argument) => Memory.Slice(U32(argument), U32(argument + 1));

    /// <summary>A list, whose address and length are two arguments.</summary>
    /// <param name="argument">The address.</param>
    /// <param name="size">Of an element, in bytes.</param>
    /// <param name="alignment">In bytes.</param>
    /// <exception cref="TrapException">It is not inside the memory, or not aligned.</exception>
    public LoweredList List(int argument, uint size, uint alignment)
    {
        var count = U32(argument + 1);
        if ((ulong)count * size > int.MaxValue)
        {
            throw new TrapException($"a list of {count} elements is not inside the memory");
        }

        _ = Memory.Struct(U32(argument), count * size, alignment);
        return new LoweredList(U32(argument), (int)count, size);
    }

    /// <summary>A list of bytes that is an element of a list.</summary>
    /// <exception cref="TrapException">It is not inside the memory.</exception>
    public ReadOnlySpan<byte> Bytes(LoweredList list, int index) => Memory.Slice(Memory.ReadU32(list.At(index)), Memory.ReadU32(list.At(index) + 4));

    /// <summary>A string, whose address and length are two arguments.</summary>
    /// <exception cref="TrapException">It is not inside the memory, or no UTF-8.</exception>
    public string Text(int argument) => Text(U32(argument), U32(argument + 1));

    /// <summary>A string in the memory.</summary>
    /// <exception cref="TrapException">It is not inside the memory, or no UTF-8.</exception>
    public string Text(uint pointer, uint length) => Encoding.UTF8.GetString(TextBytes(pointer, length));

    /// <summary>The bytes of a string, whose address and length are two arguments.</summary>
    /// <exception cref="TrapException">It is not inside the memory, or no UTF-8.</exception>
    public ReadOnlySpan<byte> TextBytes(int argument) => TextBytes(U32(argument), U32(argument + 1));

    private ReadOnlySpan<byte> TextBytes(uint pointer, uint length)
    {
        var bytes = Memory.Slice(pointer, length);
        return Utf8.IsValid(bytes) ? bytes : throw new TrapException("a string of the component is not UTF-8");
    }

    /// <summary>Memory of the guest, got from the guest.</summary>
    /// <param name="size">In bytes.</param>
    /// <param name="alignment">In bytes.</param>
    /// <returns>Its address.</returns>
    /// <exception cref="TrapException">It gives none, or none that is in its memory and aligned.</exception>
    public uint Allocate(uint size, uint alignment)
    {
        if (_realloc == WithoutRealloc)
        {
            throw new TrapException("the component gives the host no memory (realloc)");
        }

        var function = Component.Realloc(_call, _realloc);
        Component.IsAllocating = true;
        var pointer = _call.Allocate(function, size, alignment);
        Component.IsAllocating = false;
        _ = Memory.Struct(pointer, size, alignment);
        return pointer;
    }

    /// <summary>Writes a list of bytes, or a string in UTF-8: address and length at <paramref name="at"/>, the bytes elsewhere.</summary>
    /// <exception cref="TrapException">There is no memory for it.</exception>
    public void Store(uint at, ReadOnlySpan<byte> bytes)
    {
        var pointer = 1u;
        if (!bytes.IsEmpty)
        {
            pointer = Allocate((uint)bytes.Length, 1);
            bytes.CopyTo(Memory.Slice(pointer, (uint)bytes.Length));
        }

        StoreSlice(at, pointer, (uint)bytes.Length);
    }

    /// <summary>Writes a string of which the host does not know that it is UTF-8: what is not is replaced by U+FFFD.</summary>
    /// <exception cref="TrapException">There is no memory for it.</exception>
    public void StoreText(uint at, ReadOnlySpan<byte> text) => Store(at, Utf8.IsValid(text) ? text : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text)));

    /// <inheritdoc cref="StoreText(uint, ReadOnlySpan{byte})"/>
    public void StoreText(uint at, string text) => Store(at, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes address and length of a list.</summary>
    public void StoreSlice(uint at, uint pointer, uint length)
    {
        var slice = Memory.Struct(at, 8, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(slice, pointer);
        BinaryPrimitives.WriteUInt32LittleEndian(slice[4..], length);
    }

    /// <summary>Memory for the elements of a list; address and length are written at <paramref name="at"/>.</summary>
    /// <returns>The address of the first element.</returns>
    /// <exception cref="TrapException">There is no memory for it.</exception>
    public uint StoreList(uint at, int count, uint size, uint alignment)
    {
        var pointer = count == 0 ? alignment : Allocate(checked((uint)count * size), alignment);
        StoreSlice(at, pointer, (uint)count);
        return pointer;
    }
}

/// <summary>A list in the memory of a guest.</summary>
/// <param name="Start">Its address.</param>
/// <param name="Count">Its elements.</param>
/// <param name="Size">Of an element, in bytes.</param>
internal readonly record struct LoweredList(uint Start, int Count, uint Size)
{
    /// <summary>The address of an element.</summary>
    public uint At(int index) => Start + ((uint)index * Size);
}
