using Wagi.Oci.Modules;
using Wagi.Runtime.Images;

namespace Wagi.Runtime.Components;

/// <summary>A core module as the parts that change when it becomes a part of another one (core specification §5.5).</summary>
internal sealed class CoreModule
{
    private const byte FunctionType = 0x60;

    private readonly ReadOnlyMemory<byte> _binary;
    private readonly Dictionary<CoreSort, List<CoreImport>> _imported = [];

    private CoreModule(ReadOnlyMemory<byte> binary)
    {
        _binary = binary;
        var sections = WasmSections.Read(binary.Span);
        foreach (var section in sections)
        {
            ReadSection(section);
        }
    }

    /// <summary>The types of functions, each as its bytes.</summary>
    public List<ReadOnlyMemory<byte>> Types { get; } = [];

    /// <summary>What it imports.</summary>
    public List<CoreImport> Imports { get; } = [];

    /// <summary>How many things of a sort it imports; they have the first indices of their sort.</summary>
    public uint Imported(CoreSort sort) => (uint)(_imported.GetValueOrDefault(sort)?.Count ?? 0);

    /// <summary>What it imports as the thing of a sort with this index; null: that is defined in it.</summary>
    public CoreImport? ImportAt(CoreSort sort, uint index) => index < Imported(sort) ? _imported[sort][(int)index] : null;

    /// <summary>The types of the functions that it defines.</summary>
    public List<uint> Functions { get; } = [];

    /// <summary>The type of a function that it defines, by its place among them; empty: there is no such type.</summary>
    public ReadOnlySpan<byte> TypeOfDefined(int function) =>
        function < Functions.Count && Functions[function] < Types.Count ? Types[(int)Functions[function]].Span : [];

    /// <summary>What it exports.</summary>
    public Dictionary<(CoreSort Sort, string Name), uint> Exports { get; } = [];

    /// <summary>The content of a section, after the number of its items; empty: there is none.</summary>
    public Dictionary<byte, (uint Count, ReadOnlyMemory<byte> Items)> Sections { get; } = [];

    /// <summary>The function that is called when an instance is made; null: none.</summary>
    public uint? Start { get; private set; }

    /// <summary>Whether its code names data segments.</summary>
    public bool CountsData { get; private set; }

    /// <summary>The names of its functions, by index, for people.</summary>
    public Dictionary<uint, string> Names { get; } = [];

    /// <summary>Reads a module.</summary>
    /// <exception cref="InvalidDataException">It is none, or has something in it that is not known here; the message says what.</exception>
    public static CoreModule Read(ReadOnlyMemory<byte> binary) => new(binary);

    /// <summary>How many things of a sort it defines.</summary>
    public uint Defined(CoreSort sort) => sort switch
    {
        CoreSort.Function => (uint)Functions.Count,
        CoreSort.Table => CountOf(WasmSections.Table),
        CoreSort.Memory => CountOf(WasmSections.Memory),
        _ => CountOf(WasmSections.Global),
    };

    /// <summary>How many items a section has.</summary>
    public uint CountOf(byte section) => Sections.GetValueOrDefault(section).Count;

    private void ReadSection(WasmSection section)
    {
        var content = _binary[section.Content..section.End];
        switch (section.Id)
        {
            case WasmSections.Custom:
                ReadNames(content.Span);
                break;
            case 1:
                ReadTypes(content);
                break;
            case WasmSections.Import:
                WasmSections.ReadVector(content.Span, ReadImport);
                break;
            case WasmSections.Function:
                WasmSections.ReadVector(content.Span, (ref reader) => Functions.Add(reader.Number()));
                break;
            case WasmSections.Export:
                WasmSections.ReadVector(content.Span, ReadExport);
                break;
            case WasmSections.Start:
                var start = new WasmReader(content.Span);
                Start = start.Number();
                break;
            case WasmSections.DataCount:
                CountsData = true;
                break;
            case WasmSections.Table or WasmSections.Memory or WasmSections.Global or WasmSections.Element or WasmSections.Code or WasmSections.Data:
                var reader = new WasmReader(content.Span);
                var count = reader.Number();
                if (count > reader.Rest.Length)
                {
                    // None is shorter than a byte, and for each there is an index.
                    throw new InvalidDataException("a module in it has a section of fewer bytes than items");
                }

                Sections[section.Id] = (count, content[reader.Position..]);
                break;
            default:
                throw new InvalidDataException($"a module in it has a section {section.Id}, which is not known here");
        }
    }

    private void ReadTypes(ReadOnlyMemory<byte> section)
    {
        var reader = new WasmReader(section.Span);
        for (var count = reader.Number(); count > 0; count--)
        {
            var start = reader.Position;
            if (reader.Byte() != FunctionType)
            {
                throw new InvalidDataException("a module in it has types other than of functions");
            }

            WasmTypes.SkipPlain(ref reader);
            WasmTypes.SkipPlain(ref reader);
            Types.Add(section[start..reader.Position]);
        }
    }

    private void ReadImport(ref WasmReader reader)
    {
        var module = reader.Name();
        var name = reader.Name();
        var sort = (CoreSort)reader.Byte();
        uint type = 0;
        switch (sort)
        {
            case CoreSort.Function:
                type = reader.Number();
                break;
            case CoreSort.Table:
                WasmTypes.RequirePlain(reader.Byte());
                SkipLimits(ref reader);
                break;
            case CoreSort.Memory:
                SkipLimits(ref reader);
                break;
            case CoreSort.Global:
                WasmTypes.RequirePlain(reader.Byte());
                _ = reader.Byte();
                break;
            default:
                throw new InvalidDataException("a module in it imports something of an unknown kind");
        }

        var import = new CoreImport(module, name, sort, type);
        Imports.Add(import);
        if (!_imported.TryGetValue(sort, out var others))
        {
            _imported[sort] = others = [];
        }

        others.Add(import);
    }

    private static void SkipLimits(ref WasmReader reader)
    {
        var hasMaximum = reader.Byte();
        reader.SkipNumber();
        switch (hasMaximum)
        {
            case 0:
                break;
            case 1:
                reader.SkipNumber();
                break;
            default:
                throw new InvalidDataException("a module in it imports a memory or table of 64 bits, or a shared one");
        }
    }

    private void ReadExport(ref WasmReader reader)
    {
        var name = reader.Name();
        var sort = (CoreSort)reader.Byte();
        Exports[(sort, name)] = reader.Number();
    }

    /// <summary>The names of functions ("name" section, core specification §7.4.1), as far as they can be read.</summary>
    private void ReadNames(ReadOnlySpan<byte> section)
    {
        const byte FunctionNames = 1;
        try
        {
            var reader = new WasmReader(section);
            if (reader.Name() != "name")
            {
                return;
            }

            while (!reader.IsAtEnd)
            {
                var id = reader.Byte();
                var part = new WasmReader(reader.Take(reader.Number()));
                for (var count = id == FunctionNames ? part.Number() : 0; count > 0; count--)
                {
                    var index = part.Number();
                    Names[index] = part.Name();
                }
            }
        }
        catch (InvalidDataException)
        {
            // Custom sections are for people: a module is none the worse for one that cannot be read.
        }
    }
}

/// <summary>Something that a core module imports.</summary>
/// <param name="Module">Where from.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Sort">What it is.</param>
/// <param name="Type">Of a function: its type, by index.</param>
internal sealed record CoreImport(string Module, string Name, CoreSort Sort, uint Type);
