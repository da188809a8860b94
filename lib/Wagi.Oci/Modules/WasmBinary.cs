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

/// <summary>What a Wasm binary is, for people.</summary>
public static class WasmSummary
{
    private const int MaxNames = 20;

    /// <summary>One line: module or component, what it exports and what it imports.</summary>
    /// <exception cref="InvalidDataException">It is not well formed, as far as it was read.</exception>
    public static string Of(ReadOnlySpan<byte> binary)
    {
        var isComponent = WasmBinary.IsComponent(binary);
        var (exports, imports) = isComponent ? ComponentReader.Read(binary) : ModuleInterface.Read(binary);
        return $"{(isComponent ? "component" : "module")}; exports: {List(exports)}; imports: {List(imports)}";
    }

    private static string List(IReadOnlyList<string> names) => names.Count switch
    {
        0 => "nothing",
        <= MaxNames => string.Join(", ", names.Select(Printable)),
        _ => $"{string.Join(", ", names.Take(MaxNames).Select(Printable))} and {names.Count - MaxNames} more",
    };

    private static string Printable(string name) => string.Concat(name.Take(100).Select(character => char.IsControl(character) ? '?' : character));
}

/// <summary>Reads the names of a core module's exported functions, and of the modules that it imports from (core specification §5.5).</summary>
internal static class ModuleInterface
{
    private const byte ImportSection = 2;
    private const byte ExportSection = 7;

    /// <exception cref="InvalidDataException">It is not a well-formed module, as far as it was read.</exception>
    public static ComponentInterface Read(ReadOnlySpan<byte> module)
    {
        var imports = new List<string>();
        var exports = new List<string>();
        var reader = new WasmReader(module[WasmBinary.PreambleSize..]);
        while (!reader.IsAtEnd)
        {
            var id = reader.Byte();
            var section = new WasmReader(reader.Take(reader.Number()));
            if (id == ImportSection)
            {
                for (var count = section.Number(); count > 0; count--)
                {
                    imports.Add(section.Name());
                    section.Name();
                    SkipDescription(ref section);
                }
            }

            if (id == ExportSection)
            {
                for (var count = section.Number(); count > 0; count--)
                {
                    var name = section.Name();
                    if (section.Byte() == 0)
                    {
                        exports.Add(name);
                    }

                    section.Number();
                }
            }
        }

        return new ComponentInterface(exports, [.. imports.Distinct(StringComparer.Ordinal)]);
    }

    private static void SkipDescription(ref WasmReader section)
    {
        switch (section.Byte())
        {
            case 0: // function: its type
                section.Number();
                break;
            case 1: // table: the type of its elements, and its limits
                section.Byte();
                SkipLimits(ref section);
                break;
            case 2: // memory
                SkipLimits(ref section);
                break;
            case 3: // global: its type, and whether it can change
                section.Take(2);
                break;
            case 4: // tag: an attribute, and its type
                section.Byte();
                section.Number();
                break;
            default:
                throw new InvalidDataException("an import is of an unknown kind");
        }
    }

    private static void SkipLimits(ref WasmReader section)
    {
        var flags = section.Byte();
        section.SkipNumber();
        if ((flags & 1) != 0)
        {
            section.SkipNumber();
        }
    }
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
        var reader = new WasmReader(component[WasmBinary.PreambleSize..]);
        while (!reader.IsAtEnd)
        {
            var id = reader.Byte();
            var section = new WasmReader(reader.Take(reader.Number()));
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

    private static void ReadImports(WasmReader section, List<string> names)
    {
        for (var count = section.Number(); count > 0; count--)
        {
            names.Add(Name(ref section));
            SkipDescription(ref section);
        }
    }

    private static void ReadExports(WasmReader section, List<string> names)
    {
        for (var count = section.Number(); count > 0; count--)
        {
            names.Add(Name(ref section));
            // sortidx: a sort, where "core" is followed by the core sort, and an index; then an optional description.
            if (section.Byte() == 0)
            {
                section.Byte();
            }

            section.Number();
            if (section.Byte() == 1)
            {
                SkipDescription(ref section);
            }
        }
    }

    // externdesc
    private static void SkipDescription(ref WasmReader section)
    {
        switch (section.Byte())
        {
            case 0: // core module, followed by the core sort 0x11 and a type
                section.Byte();
                section.Number();
                break;
            case 1: // function
            case 4: // component
            case 5: // instance
                section.Number();
                break;
            case 2: // value: equal to a value, or of a type
                if (section.Byte() == 0)
                {
                    section.Number();
                }
                else
                {
                    SkipValueType(ref section);
                }

                break;
            case 3: // type: equal to a type, or a fresh resource
                if (section.Byte() == 0)
                {
                    section.Number();
                }

                break;
            default:
                throw new InvalidDataException("a component's import or export is of an unknown kind");
        }
    }

    // A primitive type is one byte, a negative number; everything else is the index of a type.
    private static void SkipValueType(ref WasmReader section) => section.Number();

    // importname and exportname: 0 or 1, or 2 with a version suffix, then the name.
    private static string Name(ref WasmReader section)
    {
        var form = section.Byte();
        var name = section.Name();
        if (form == 2)
        {
            section.Take(section.Number());
        }

        return name;
    }
}

/// <summary>The names of what a component needs and offers (CNCF TAG Runtime, "Wasm OCI Artifact layout").</summary>
/// <param name="Exports">Names of the exports.</param>
/// <param name="Imports">Names of the imports.</param>
internal sealed record ComponentInterface(IReadOnlyList<string> Exports, IReadOnlyList<string> Imports);
