using System.Diagnostics.CodeAnalysis;
using Wagi.Oci.Modules;

namespace Wagi.Runtime.Images;

/// <summary>
/// Takes the active data segments out of a core module (core specification §5.5.14), and makes of them the image that its memory begins with:
/// so nothing is copied when an instance is made, and no code is compiled that would do it.
/// </summary>
/// <remarks>
/// It reads what nobody has validated, and leaves to Wasmtime whatever it does not understand. Segments are taken up to the first whose place
/// is not a constant within the memory, since their order counts where they overlap. In the place of each stays a passive segment without
/// bytes: which is what <c>memory.init</c> and <c>data.drop</c> find of an active one.
/// </remarks>
internal static class DataSegments
{
    private const byte MemorySection = 5;
    private const byte DataSection = 11;

    private const byte Active = 0;
    private const byte Passive = 1;
    private const byte ConstantOfInt32 = 0x41;
    private const byte EndOfExpression = 0x0b;

    private const long WasmPage = 64 << 10;

    /// <summary>An image of up to so many bytes may hold any number of zeros; a larger one is data at least by half.</summary>
    private const long MaxSparse = 16 << 20;

    /// <param name="module">A core module in binary format, as somebody says.</param>
    /// <param name="page">Bytes of a page, as the kernel maps them.</param>
    /// <param name="rest">The module without the segments that are in the image.</param>
    /// <param name="image">What its memory begins with.</param>
    /// <returns>False: there are none, or they are better left where they are.</returns>
    public static bool TryTake(
        ReadOnlySpan<byte> module, int page, [NotNullWhen(true)] out byte[]? rest, [NotNullWhen(true)] out MemoryImage? image)
    {
        (rest, image) = (null, null);
        try
        {
            if (Find(module) is not { } data || MakeImage(module, data.Segments, page) is not { } made)
            {
                return false;
            }

            (rest, image) = (Rewrite(module, data), made);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static Data? Find(ReadOnlySpan<byte> module)
    {
        var reader = new WasmReader(module);
        _ = reader.Take(WasmBinary.PreambleSize);
        long memory = 0;
        while (!reader.IsAtEnd)
        {
            var start = reader.Position;
            var id = reader.Byte();
            var length = reader.Number();
            var content = reader.Position;
            _ = reader.Take(length);
            if (id == MemorySection)
            {
                memory = ReadMinimum(module[content..reader.Position]);
            }
            else if (id == DataSection)
            {
                return ReadSegments(module[..reader.Position], start, content, memory);
            }
        }

        return null;
    }

    /// <summary>Bytes that the only memory begins with; 0 where it is of a kind that is not handled here.</summary>
    private static long ReadMinimum(ReadOnlySpan<byte> section)
    {
        var reader = new WasmReader(section);
        return reader.Number() == 1 && reader.Byte() is 0 or 1 ? reader.Number() * WasmPage : 0;
    }

    private static Data ReadSegments(ReadOnlySpan<byte> module, int start, int content, long memory)
    {
        var reader = new WasmReader(module);
        _ = reader.Take((uint)content);
        var count = reader.Number();
        var segments = new List<Segment>();
        var rest = reader.Position;
        while (segments.Count < count && reader.Byte() == Active && reader.Byte() == ConstantOfInt32)
        {
            var offset = (uint)reader.SignedNumber();
            if (reader.Byte() != EndOfExpression)
            {
                break;
            }

            var length = reader.Number();
            if (offset + (long)length > memory)
            {
                // Making an instance traps.
                break;
            }

            segments.Add(new Segment(offset, reader.Position, (int)length));
            _ = reader.Take(length);
            rest = reader.Position;
        }

        return new Data(start, module.Length, count, segments, rest);
    }

    private static MemoryImage? MakeImage(ReadOnlySpan<byte> module, List<Segment> segments, int page)
    {
        var filled = segments.FindAll(segment => segment.Length > 0);
        if (filled.Count == 0)
        {
            return null;
        }

        var start = filled.Min(segment => segment.Offset) / page * page;
        var end = (filled.Max(segment => segment.Offset + segment.Length) + page - 1) / page * page;
        var size = end - start;
        if (size > Math.Min(Math.Max(MaxSparse, 2 * filled.Sum(segment => (long)segment.Length)), Array.MaxLength))
        {
            return null;
        }

        var content = new byte[size];
        foreach (var segment in filled)
        {
            module.Slice(segment.Position, segment.Length).CopyTo(content.AsSpan((int)(segment.Offset - start)));
        }

        return new MemoryImage(start, content);
    }

    private static byte[] Rewrite(ReadOnlySpan<byte> module, Data data)
    {
        using var section = new MemoryStream();
        WriteUnsigned(section, data.Count);
        for (var i = 0; i < data.Segments.Count; i++)
        {
            section.Write([Passive, 0]);
        }

        section.Write(module[data.Rest..data.End]);

        using var rewritten = new MemoryStream(module.Length);
        rewritten.Write(module[..data.Start]);
        rewritten.WriteByte(DataSection);
        WriteUnsigned(rewritten, (uint)section.Length);
        section.WriteTo(rewritten);
        rewritten.Write(module[data.End..]);
        return rewritten.ToArray();
    }

    private static void WriteUnsigned(MemoryStream target, uint value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            target.WriteByte((byte)(value | 0x80));
        }

        target.WriteByte((byte)value);
    }

    /// <summary>The data section of a module.</summary>
    /// <param name="Start">Where it begins.</param>
    /// <param name="End">Where it ends.</param>
    /// <param name="Count">How many segments it says that it has.</param>
    /// <param name="Segments">The first of them: all that can be taken.</param>
    /// <param name="Rest">Where those begin that stay.</param>
    private sealed record Data(int Start, int End, uint Count, List<Segment> Segments, int Rest);

    /// <param name="Offset">Where it goes in the memory.</param>
    /// <param name="Position">Where its bytes are in the module.</param>
    /// <param name="Length">How many.</param>
    private readonly record struct Segment(long Offset, int Position, int Length);
}
