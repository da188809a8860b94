using System.Text;

namespace Wagi.Oci.Modules;

/// <summary>Recognises Wasm binaries by their first bytes (WebAssembly core specification §5.5.16, component model "Binary Format").</summary>
public static class WasmBinary
{
    /// <summary>How many bytes tell what it is: the magic, and the version with the layer.</summary>
    public const int PreambleSize = 8;

    /// <summary>Whether this begins with <c>\0asm</c>: a core module or a component.</summary>
    public static bool IsWasm(ReadOnlySpan<byte> content) => content.StartsWith("\0asm"u8);

    /// <summary>Whether this is a component: <c>\0asm</c>, a version, and layer 1.</summary>
    public static bool IsComponent(ReadOnlySpan<byte> content) =>
        content.Length >= PreambleSize && IsWasm(content) && content[6] == 1 && content[7] == 0;
}

/// <summary>
/// Reads the names of a component's own imports and exports (component model, "Binary Format": sections 10 and 11).
/// Nested components and all other sections are skipped by their size.
/// </summary>
internal static class ComponentReader
{
    private const byte ImportSection = 10;
    private const byte ExportSection = 11;

    /// <exception cref="InvalidDataException">It is not a well-formed component, as far as it was read.</exception>
    public static ComponentInterface Read(ReadOnlySpan<byte> component)
    {
        var imports = new List<string>();
        var exports = new List<string>();
        var rest = component[WasmBinary.PreambleSize..];
        while (!rest.IsEmpty)
        {
            var id = Byte(ref rest);
            var section = Take(ref rest, Number(ref rest));
            if (id == ImportSection)
            {
                ReadImports(section, imports);
            }

            if (id == ExportSection)
            {
                ReadExports(section, exports);
            }
        }

        return new ComponentInterface(exports, imports);
    }

    private static void ReadImports(ReadOnlySpan<byte> section, List<string> names)
    {
        for (var count = Number(ref section); count > 0; count--)
        {
            names.Add(Name(ref section));
            SkipDescription(ref section);
        }
    }

    private static void ReadExports(ReadOnlySpan<byte> section, List<string> names)
    {
        for (var count = Number(ref section); count > 0; count--)
        {
            names.Add(Name(ref section));
            // sortidx: a sort, where "core" is followed by the core sort, and an index; then an optional description.
            if (Byte(ref section) == 0)
            {
                Byte(ref section);
            }

            Number(ref section);
            if (Byte(ref section) == 1)
            {
                SkipDescription(ref section);
            }
        }
    }

    // externdesc
    private static void SkipDescription(ref ReadOnlySpan<byte> section)
    {
        switch (Byte(ref section))
        {
            case 0: // core module, followed by the core sort 0x11 and a type
                Byte(ref section);
                Number(ref section);
                break;
            case 1: // function
            case 4: // component
            case 5: // instance
                Number(ref section);
                break;
            case 2: // value: equal to a value, or of a type
                if (Byte(ref section) == 0)
                {
                    Number(ref section);
                }
                else
                {
                    SkipValueType(ref section);
                }

                break;
            case 3: // type: equal to a type, or a fresh resource
                if (Byte(ref section) == 0)
                {
                    Number(ref section);
                }

                break;
            default:
                throw new InvalidDataException("a component's import or export is of an unknown kind");
        }
    }

    // A primitive type is one byte, a negative number; everything else is the index of a type.
    private static void SkipValueType(ref ReadOnlySpan<byte> section) => Number(ref section);

    // importname and exportname: 0 or 1, or 2 with a version suffix, then the name.
    private static string Name(ref ReadOnlySpan<byte> section)
    {
        var form = Byte(ref section);
        var name = Encoding.UTF8.GetString(Take(ref section, Number(ref section)));
        if (form == 2)
        {
            Take(ref section, Number(ref section));
        }

        return name;
    }

    private static byte Byte(ref ReadOnlySpan<byte> rest) => Take(ref rest, 1)[0];

    // LEB128 of an unsigned 32-bit number.
    private static uint Number(ref ReadOnlySpan<byte> rest)
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = Byte(ref rest);
            value |= (uint)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a number in the component is longer than 32 bits");
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> rest, uint count)
    {
        if (count > rest.Length)
        {
            throw new InvalidDataException("the component ends in the middle of a section");
        }

        var taken = rest[..(int)count];
        rest = rest[(int)count..];
        return taken;
    }
}

/// <summary>The names of what a component needs and offers (CNCF TAG Runtime, "Wasm OCI Artifact layout").</summary>
/// <param name="Exports">Names of the exports.</param>
/// <param name="Imports">Names of the imports.</param>
internal sealed record ComponentInterface(IReadOnlyList<string> Exports, IReadOnlyList<string> Imports);
