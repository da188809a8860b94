using Wagi.Oci.Modules;

namespace Wagi.Runtime.Images;

/// <summary>A section of a module or a component, as a place in its binary (core specification §5.5.2).</summary>
/// <param name="Id">What it is.</param>
/// <param name="Start">Where it begins, with its id.</param>
/// <param name="Content">Where its content begins.</param>
/// <param name="End">Where it ends.</param>
internal readonly record struct WasmSection(byte Id, int Start, int Content, int End)
{
    /// <summary>What is in it.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> binary) => binary[Content..End];
}

/// <summary>Reads one item of a section.</summary>
internal delegate void WasmItemReader(ref WasmReader reader);

/// <summary>The sections of a core module by their ids, and how a binary is divided into sections.</summary>
internal static class WasmSections
{
    public const byte Custom = 0;
    public const byte Import = 2;
    public const byte Function = 3;
    public const byte Table = 4;
    public const byte Memory = 5;
    public const byte Global = 6;
    public const byte Export = 7;
    public const byte Start = 8;
    public const byte Element = 9;
    public const byte Code = 10;
    public const byte Data = 11;
    public const byte DataCount = 12;
    public const byte Tag = 13;

    /// <summary>Bytes of a section's id and length, at the most.</summary>
    private const int MaxHead = 6;

    /// <summary>The order in which they stand (§5.5.17); custom sections stand anywhere.</summary>
    private static ReadOnlySpan<byte> Order => [1, Import, Function, Table, Memory, Tag, Global, Export, Start, Element, DataCount, Code, Data];

    /// <summary>All sections of a module or a component.</summary>
    /// <exception cref="InvalidDataException">It is cut off.</exception>
    public static List<WasmSection> Read(ReadOnlySpan<byte> binary)
    {
        var sections = new List<WasmSection>();
        var reader = new WasmReader(binary);
        _ = reader.Take(WasmBinary.PreambleSize);
        while (!reader.IsAtEnd)
        {
            var start = reader.Position;
            var id = reader.Byte();
            var length = reader.Number();
            var content = reader.Position;
            _ = reader.Take(length);
            sections.Add(new WasmSection(id, start, content, reader.Position));
        }

        return sections;
    }

    /// <summary>The items of a section that is a vector.</summary>
    /// <param name="section">What is in it.</param>
    /// <param name="read">Reads one item.</param>
    /// <exception cref="InvalidDataException">It is cut off.</exception>
    public static void ReadVector(ReadOnlySpan<byte> section, WasmItemReader read)
    {
        var reader = new WasmReader(section);
        for (var count = reader.Number(); count > 0; count--)
        {
            read(ref reader);
        }
    }

    /// <summary>What is in the only section of an id; empty: there is none.</summary>
    public static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> binary, List<WasmSection> sections, byte id)
    {
        var index = sections.FindIndex(section => section.Id == id);
        return index < 0 ? [] : sections[index].Of(binary);
    }

    /// <summary>A core module with some of its sections replaced, removed or added.</summary>
    /// <param name="module">The module.</param>
    /// <param name="changes">The new content of a section by its id; null: it is removed.</param>
    /// <exception cref="InvalidDataException">The module is cut off, or its sections are not those of a module.</exception>
    public static byte[] Replace(ReadOnlySpan<byte> module, IReadOnlyDictionary<byte, ReadOnlyMemory<byte>?> changes)
    {
        // Modules may be large, and a stream that grows holds them three times.
        var changed = new MemoryStream(module.Length + changes.Values.Sum(content => MaxHead + (content?.Length ?? 0)));
        changed.Write(module[..WasmBinary.PreambleSize]);
        var next = 0;
        foreach (var section in Read(module))
        {
            if (section.Id == Custom)
            {
                changed.Write(module[section.Start..section.End]);
                continue;
            }

            var place = Order.IndexOf(section.Id);
            if (place < next)
            {
                throw new InvalidDataException($"section {section.Id} of the binary is unknown, or not where it belongs");
            }

            WriteChanged(Order[next..place]);
            next = place + 1;
            if (changes.ContainsKey(section.Id))
            {
                WriteChanged([section.Id]);
            }
            else
            {
                changed.Write(module[section.Start..section.End]);
            }
        }

        WriteChanged(Order[next..]);
        return changed.ToArray();

        void WriteChanged(ReadOnlySpan<byte> ids)
        {
            foreach (var id in ids)
            {
                if (changes.GetValueOrDefault(id) is { } content)
                {
                    changed.WriteSection(id, content.Span);
                }
            }
        }
    }
}
