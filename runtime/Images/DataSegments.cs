using System.Diagnostics.CodeAnalysis;
using Wagi.Oci.Modules;

namespace Wagi.Runtime.Images;

/// <summary>
/// Takes the active data segments out of a core module (core specification §5.5.14), and makes of them the image that its memory begins with:
/// so nothing is copied when an instance is made, and no code is compiled that would do it.
/// </summary>
/// <remarks>
/// It reads what nobody has validated, and leaves to Wasmtime whatever it does not understand. Segments are taken up to the first whose place
/// is not a constant within the memory, since their order counts where they overlap; passive ones between them stay. In the place of each that
/// is taken stays, where instructions may name it, a passive segment without bytes: which is what <c>memory.init</c> and <c>data.drop</c> find of
/// an active one. Where nothing names it nothing stays, for each segment costs every instance that is made.
/// </remarks>
internal static class DataSegments
{
    /// <summary>Bytes of a number in LEB128, at the most.</summary>
    private const int MaxNumber = 5;

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
            var sections = WasmSections.Read(module);
            var memory = ReadMinimum(WasmSections.Content(module, sections, WasmSections.Memory));
            var data = WasmSections.Content(module, sections, WasmSections.Data);
            if (memory == 0 || data.IsEmpty)
            {
                return false;
            }

            // Instructions name segments by their number, and there are such instructions only where this section is (§5.5.16).
            var areNamed = !WasmSections.Content(module, sections, WasmSections.DataCount).IsEmpty;
            var taken = Take(data, memory, areNamed, out var left);
            image = MakeImage(data, taken, page);
            rest = image is null ? null : WasmSections.Replace(module, new Dictionary<byte, ReadOnlyMemory<byte>?> { [WasmSections.Data] = left });
            return rest is not null;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>Bytes that the only memory begins with; 0 where it is of a kind that is not handled here.</summary>
    private static long ReadMinimum(ReadOnlySpan<byte> section)
    {
        var reader = new WasmReader(section);
        return !section.IsEmpty && reader.Number() == 1 && reader.Byte() is 0 or 1 ? reader.Number() * (long)WasmCodes.Page : 0;
    }

    /// <param name="data">The content of the data section.</param>
    /// <param name="memory">Bytes that the memory begins with.</param>
    /// <param name="areNamed">Whether each has to keep its number.</param>
    /// <param name="left">What is left of the section.</param>
    private static List<Segment> Take(ReadOnlySpan<byte> data, long memory, bool areNamed, out byte[] left)
    {
        var reader = new WasmReader(data);
        var count = reader.Number();
        using var rest = new MemoryStream();
        var taken = new List<Segment>();
        var next = reader.Position;
        for (var i = 0; i < count && TryRead(ref reader, memory, out var segment); i++)
        {
            if (segment is { } active)
            {
                taken.Add(active);
                rest.Write(areNamed ? [WasmCodes.PassiveData, 0] : []);
            }
            else
            {
                rest.Write(data[next..reader.Position]);
            }

            next = reader.Position;
        }

        rest.Write(data[next..]);
        using var section = new MemoryStream((int)rest.Length + MaxNumber);
        section.WriteNumber(areNamed ? count : count - (uint)taken.Count);
        rest.WriteTo(section);
        left = section.ToArray();
        return taken;
    }

    /// <param name="reader">At a segment.</param>
    /// <param name="memory">Bytes that the memory begins with.</param>
    /// <param name="segment">An active one; null: a passive one.</param>
    /// <returns>False: where it goes is not known, or making an instance traps.</returns>
    private static bool TryRead(ref WasmReader reader, long memory, out Segment? segment)
    {
        segment = null;
        var kind = reader.Byte();
        if (kind == WasmCodes.PassiveData)
        {
            _ = reader.Take(reader.Number());
            return true;
        }

        if (kind != WasmCodes.ActiveData || reader.Byte() != WasmCodes.ConstantOfInt32)
        {
            return false;
        }

        var offset = (uint)reader.SignedNumber();
        if (reader.Byte() != WasmCodes.EndOfExpression)
        {
            return false;
        }

        var length = reader.Number();
        segment = new Segment(offset, reader.Position, (int)length);
        _ = reader.Take(length);
        return offset + (long)length <= memory;
    }

    private static MemoryImage? MakeImage(ReadOnlySpan<byte> data, List<Segment> segments, int page)
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
            data.Slice(segment.Position, segment.Length).CopyTo(content.AsSpan((int)(segment.Offset - start)));
        }

        return new MemoryImage(start, content);
    }

    /// <param name="Offset">Where it goes in the memory.</param>
    /// <param name="Position">Where its bytes are in the section.</param>
    /// <param name="Length">How many.</param>
    private readonly record struct Segment(long Offset, int Position, int Length);
}
