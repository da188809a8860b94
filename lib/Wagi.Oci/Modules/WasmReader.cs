using System.Text;

namespace Wagi.Oci.Modules;

/// <summary>Reads a WebAssembly binary from front to back (core specification §5.2). Nothing beyond the end, and no number that is not well formed.</summary>
public ref struct WasmReader(ReadOnlySpan<byte> binary)
{
    private const int Continuation = 0x80;
    private const int SignOfLast = 0x08;
    private const int MaxBytesOf64 = 10;

    private readonly ReadOnlySpan<byte> _binary = binary;

    /// <summary>Bytes that have been read.</summary>
    public int Position { get; private set; }

    /// <summary>Whether everything has been read.</summary>
    public readonly bool IsAtEnd => Position == _binary.Length;

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _binary[Position..];

    /// <summary>What has been read since a <see cref="Position"/>.</summary>
    public readonly ReadOnlySpan<byte> Since(int position) => _binary[position..Position];

    /// <summary>The next byte.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public byte Byte() => Take(1)[0];

    /// <summary>The next bytes, so many.</summary>
    /// <exception cref="InvalidDataException">There are not so many.</exception>
    public ReadOnlySpan<byte> Take(uint count)
    {
        if (count > _binary.Length - Position)
        {
            throw new InvalidDataException("the binary ends in the middle of a section");
        }

        var taken = _binary.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    /// <summary>A name: its length, and its bytes in UTF-8 (§5.2.4).</summary>
    /// <exception cref="InvalidDataException">There are not so many.</exception>
    public string Name() => Encoding.UTF8.GetString(Take(Number()));

    /// <summary>A <c>u32</c> in LEB128 (§5.2.2).</summary>
    /// <exception cref="InvalidDataException">It is longer than 32 bits, or does not end.</exception>
    public uint Number() => Leb128(isSigned: false);

    /// <summary>An <c>i32</c> in LEB128 (§5.2.2).</summary>
    /// <exception cref="InvalidDataException">It is longer than 32 bits, or does not end.</exception>
    public int SignedNumber() => (int)Leb128(isSigned: true);

    /// <summary>Passes over a number in LEB128 of up to 64 bits.</summary>
    /// <exception cref="InvalidDataException">It is longer, or does not end.</exception>
    public void SkipNumber()
    {
        for (var bytes = 1; Byte() >= Continuation; bytes++)
        {
            if (bytes == MaxBytesOf64)
            {
                throw new InvalidDataException("a number in the binary is longer than 64 bits");
            }
        }
    }

    private uint Leb128(bool isSigned)
    {
        uint value = 0;
        for (var shift = 0; shift < 28; shift += 7)
        {
            var next = Byte();
            value |= (uint)(next & ~Continuation) << shift;
            if (next < Continuation)
            {
                var isNegative = isSigned && (next & 0x40) != 0;
                return isNegative ? value | (uint.MaxValue << (shift + 7)) : value;
            }
        }

        // Four bits are left, and those above them say nothing but the sign.
        var last = Byte();
        var sign = isSigned && (last & SignOfLast) != 0 ? 0x70 : 0;
        return (last & 0xf0) == sign ? value | (uint)last << 28 : throw new InvalidDataException("a number in the binary is longer than 32 bits");
    }
}
