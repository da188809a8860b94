using System.Buffers.Binary;

namespace Wagi.Runtime.Interop;

/// <summary>The linear memory of the calling guest, for the length of one host call. Every access is checked.</summary>
internal readonly unsafe ref struct GuestMemory(byte* data, nuint length)
{
    private readonly byte* _data = data;
    private readonly nuint _length = length;

    /// <exception cref="TrapException">The range is not inside the memory.</exception>
    public Span<byte> Slice(uint pointer, uint length)
    {
        // Both are 32 bits wide, so that the sum cannot wrap.
        if ((ulong)pointer + length > _length || length > int.MaxValue)
        {
            ThrowOutOfBounds(pointer, length);
        }

        return new Span<byte>(_data + pointer, (int)length);
    }

    public void WriteByte(uint pointer, byte value) => Slice(pointer, 1)[0] = value;

    public uint ReadU32(uint pointer) => BinaryPrimitives.ReadUInt32LittleEndian(Aligned(pointer, 4));

    public void WriteU32(uint pointer, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Aligned(pointer, 4), value);

    public void WriteU64(uint pointer, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Aligned(pointer, 8), value);

    /// <summary>A structure of <paramref name="length"/> bytes.</summary>
    /// <exception cref="TrapException">It is not inside the memory, or not aligned.</exception>
    public Span<byte> Struct(uint pointer, uint length, uint alignment)
    {
        if (pointer % alignment != 0)
        {
            ThrowMisaligned(pointer, alignment);
        }

        return Slice(pointer, length);
    }

    private Span<byte> Aligned(uint pointer, uint size) => Struct(pointer, size, size);

    private void ThrowOutOfBounds(uint pointer, uint length) => throw new TrapException(
        $"pointer out of bounds: {length} bytes at 0x{pointer:x}, and the memory has {_length} bytes");

    private static void ThrowMisaligned(uint pointer, uint alignment) => throw new TrapException(
        $"pointer 0x{pointer:x} is not aligned to {alignment} bytes");
}
