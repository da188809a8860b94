namespace Wagi.Runtime.Images;

/// <summary>Writes parts of a WebAssembly binary (core specification §5.2).</summary>
internal static class WasmWriter
{
    private const byte Continuation = 0x80;

    /// <summary>A <c>u32</c> in LEB128.</summary>
    public static void WriteNumber(this Stream target, uint value)
    {
        for (; value >= Continuation; value >>= 7)
        {
            target.WriteByte((byte)(value | Continuation));
        }

        target.WriteByte((byte)value);
    }

    /// <summary>An <c>i32</c> or <c>i64</c> in LEB128.</summary>
    public static void WriteSignedNumber(this Stream target, long value)
    {
        // Until what is left is nothing but the sign of the byte that was written last.
        for (; value is < -64 or > 63; value >>= 7)
        {
            target.WriteByte((byte)(value | Continuation));
        }

        target.WriteByte((byte)(value & ~Continuation));
    }

    /// <summary>A vector of bytes, or a name: its length and its bytes.</summary>
    public static void WriteBytes(this Stream target, ReadOnlySpan<byte> bytes)
    {
        target.WriteNumber((uint)bytes.Length);
        target.Write(bytes);
    }

    /// <summary>A section.</summary>
    public static void WriteSection(this Stream target, byte id, ReadOnlySpan<byte> content)
    {
        target.WriteByte(id);
        target.WriteBytes(content);
    }
}
