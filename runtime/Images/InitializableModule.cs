using System.Buffers.Binary;
using System.Text;
using Wagi.Oci.Modules;

namespace Wagi.Runtime.Images;

/// <summary>
/// A core module that has an initialization to be run ahead of time, as the parts of its binary that matter to it: so that what the
/// initialization leaves behind can be seen (<see cref="Open"/>), and a module be written that begins there (<see cref="Begin"/>).
/// </summary>
/// <remarks>
/// The functions that initialize are those that wizer knows: <c>_initialize</c> of a reactor, then <c>wizer-initialize</c> or
/// <c>wizer.initialize</c>. Afterwards they are there and do nothing, for a component may refer to them; and where the module has
/// <c>wizer.resume</c>, which <c>wizer.h</c> declares, that is its <c>_start</c>.
/// </remarks>
internal sealed class InitializableModule
{
    private const string Reactor = "_initialize";
    private const string Resume = "wizer.resume";
    private const string Command = "_start";

    private const byte FunctionKind = 0;
    private const byte TableKind = 1;
    private const byte MemoryKind = 2;
    private const byte GlobalKind = 3;
    private const byte TagKind = 4;

    private const byte Int32 = 0x7f;
    private const byte Int64 = 0x7e;
    private const byte Float32 = 0x7d;
    private const byte Float64 = 0x7c;
    private const byte Vector = 0x7b;
    private const byte FunctionReference = 0x70;

    private const byte ConstantOfInt64 = 0x42;
    private const byte ConstantOfFloat32 = 0x43;
    private const byte ConstantOfFloat64 = 0x44;
    private const byte GetGlobal = 0x23;
    private const byte ConstantOfVector = 0x0c;
    private const byte NullReference = 0xd0;
    private const byte ReferenceOfFunction = 0xd2;

    private const byte ActiveElementsOfTable = 6;
    private const byte ActiveDataOfMemory = 2;

    /// <summary>What is looked at at once for being zero. Fine enough, and few enough segments: Wasmtime takes 100,000.</summary>
    private const int Block = 4 << 10;

    /// <summary>Bytes of a segment before what is in it, at the most.</summary>
    private const int MaxSegmentHead = 16;

    private static readonly string[] Wizer = ["wizer-initialize", "wizer.initialize"];

    private readonly ReadOnlyMemory<byte> _module;
    private readonly List<WasmSection> _sections;
    private readonly List<(string Name, byte Kind, uint Index)> _exports = [];
    private readonly List<uint> _functionTypes = [];
    private readonly List<GlobalOf> _globals = [];
    private readonly List<TableOf> _tables = [];
    private readonly SortedSet<uint> _references = [];
    private uint _importedFunctions;

    private InitializableModule(ReadOnlyMemory<byte> module)
    {
        _module = module;
        _sections = WasmSections.Read(module.Span);
        ReadImports(Section(WasmSections.Import));
        ReadVector(Section(WasmSections.Function), (ref reader) => _functionTypes.Add(reader.Number()));
        ReadVector(Section(WasmSections.Table), ReadTable);
        ReadVector(Section(WasmSections.Global), ReadGlobal);
        ReadVector(Section(WasmSections.Export), ReadExport);
        ReadVector(Section(WasmSections.Element), ReadElements);
        Initializers = [.. new[] { Reactor }.Where(IsExported), .. Wizer.Where(IsExported).Take(1)];
    }

    /// <summary>For people: the names that an initialization may have.</summary>
    public static string InitializerNames => $"{Reactor}, {string.Join(" or ", Wizer)}";

    /// <summary>The exported functions that initialize it, in the order in which they are called; empty: it has none.</summary>
    public IReadOnlyList<string> Initializers { get; }

    /// <summary>Whether making an instance runs a function of it already.</summary>
    public bool HasStart => !Section(WasmSections.Start).IsEmpty;

    /// <summary>Whether it has a memory.</summary>
    public bool HasMemory => !Section(WasmSections.Memory).IsEmpty;

    /// <summary>The globals that may change, by index, and whether they hold references.</summary>
    public IEnumerable<(uint Index, bool IsReference)> Globals => _globals
        .Select((global, index) => (global, index))
        .Where(item => item.global.IsMutable)
        .Select(item => ((uint)item.index, item.global.Type == FunctionReference));

    /// <summary>The tables, by index.</summary>
    public IEnumerable<uint> Tables => Enumerable.Range(0, _tables.Count).Select(index => (uint)index);

    /// <summary>The functions that a table or a global may refer to, by index: no others may be referred to (§3.3, <c>C.refs</c>).</summary>
    public IEnumerable<uint> References => _references;

    /// <summary>Reads a module.</summary>
    /// <param name="module">A core module in binary format.</param>
    /// <exception cref="InvalidDataException">It is none, or has something that is not kept; the message says what.</exception>
    public static InitializableModule Read(ReadOnlyMemory<byte> module) => new(module);

    /// <summary>The name under which <see cref="Open"/> exports the memory.</summary>
    public static string MemoryName => NameOf(MemoryKind, 0);

    /// <summary>The name under which <see cref="Open"/> exports a global.</summary>
    public static string GlobalName(uint index) => NameOf(GlobalKind, index);

    /// <summary>The name under which <see cref="Open"/> exports a table.</summary>
    public static string TableName(uint index) => NameOf(TableKind, index);

    /// <summary>The name under which <see cref="Open"/> exports a function that may be referred to.</summary>
    public static string FunctionName(uint index) => NameOf(FunctionKind, index);

    /// <summary>The same module, which exports all that its initialization may change as well.</summary>
    public byte[] Open()
    {
        var exports = _exports
            .Concat(HasMemory ? [(MemoryName, MemoryKind, 0u)] : [])
            .Concat(Globals.Select(global => (GlobalName(global.Index), GlobalKind, global.Index)))
            .Concat(Tables.Select(index => (TableName(index), TableKind, index)))
            .Concat(References.Select(index => (FunctionName(index), FunctionKind, index)));
        return WasmSections.Replace(_module.Span, new Dictionary<byte, ReadOnlyMemory<byte>?> { [WasmSections.Export] = WriteExports([.. exports]) });
    }

    /// <summary>A module that begins where the initialization has ended, and does not run it again.</summary>
    /// <param name="memory">What is in the memory; empty: there is none.</param>
    /// <param name="state">What is elsewhere.</param>
    public byte[] Begin(ReadOnlySpan<byte> memory, ModuleState state)
    {
        var changes = new Dictionary<byte, ReadOnlyMemory<byte>?>
        {
            [WasmSections.Start] = null,
            [WasmSections.Function] = WriteFunctions(),
            [WasmSections.Code] = WriteCode(),
            [WasmSections.Export] = WriteExports(ExportsAfterwards()),
        };
        if (_globals.Count > 0)
        {
            changes[WasmSections.Global] = WriteGlobals(state);
        }

        if (HasMemory)
        {
            changes[WasmSections.Memory] = WriteMemory((uint)(memory.Length / WasmCodes.Page));
            changes[WasmSections.Data] = WriteData(memory, out var count);
            if (!Section(WasmSections.DataCount).IsEmpty)
            {
                using var counts = new MemoryStream();
                counts.WriteNumber(count);
                changes[WasmSections.DataCount] = counts.ToArray();
            }
        }

        if (state.Tables.Any(table => table is not null))
        {
            changes[WasmSections.Table] = WriteTables(state);
            changes[WasmSections.Element] = WriteElements(state);
        }

        return WasmSections.Replace(_module.Span, changes);
    }

    /// <summary>No name that somebody gives to an export of their own.</summary>
    private static string NameOf(byte kind, uint index) => $"wagi-initialize {kind} {index}";

    private bool IsExported(string name) => _exports.Exists(export => export.Name == name && export.Kind == FunctionKind && export.Index >= _importedFunctions);

    private ReadOnlySpan<byte> Section(byte id) => WasmSections.Content(_module.Span, _sections, id);

    /// <summary>A section that a module need not have.</summary>
    private static void ReadVector(ReadOnlySpan<byte> section, WasmItemReader read)
    {
        if (!section.IsEmpty)
        {
            WasmSections.ReadVector(section, read);
        }
    }

    private void ReadImports(ReadOnlySpan<byte> section) => ReadVector(section, (ref reader) =>
    {
        _ = reader.Take(reader.Number());
        _ = reader.Take(reader.Number());
        if (reader.Byte() != FunctionKind)
        {
            throw new InvalidDataException("it imports its memory, a table, a global or a tag");
        }

        _ = reader.Number();
        _importedFunctions++;
    });

    private void ReadTable(ref WasmReader reader)
    {
        var type = reader.Byte();
        if (type != FunctionReference)
        {
            throw new InvalidDataException($"its table {_tables.Count} holds other references than to functions, or begins full");
        }

        var hasMaximum = reader.Byte();
        var minimum = reader.Number();
        uint? maximum = hasMaximum switch
        {
            0 => null,
            1 => reader.Number(),
            _ => throw new InvalidDataException($"its table {_tables.Count} is of 64 bits, or shared"),
        };
        _tables.Add(new TableOf(minimum, maximum));
    }

    private void ReadGlobal(ref WasmReader reader)
    {
        var type = reader.Byte();
        if (type is < FunctionReference or > Int32)
        {
            throw new InvalidDataException($"its global {_globals.Count} is of a type that cannot be kept");
        }

        var isMutable = reader.Byte() == 1;
        if (isMutable && type is not (Int32 or Int64 or Float32 or Float64 or Vector or FunctionReference))
        {
            throw new InvalidDataException($"its global {_globals.Count} is of a type that cannot be kept");
        }

        var start = reader.Position;
        SkipExpression(ref reader);
        _globals.Add(new GlobalOf(type, isMutable, reader.Since(start).ToArray()));
    }

    private void ReadExport(ref WasmReader reader)
    {
        var name = reader.Name();
        var kind = reader.Byte();
        var index = reader.Number();
        if (kind > TagKind)
        {
            throw new InvalidDataException($"its export '{name}' is of an unknown kind");
        }

        if (kind == FunctionKind)
        {
            _references.Add(index);
        }

        _exports.Add((name, kind, index));
    }

    /// <summary>Which functions a segment of elements names (§5.5.12).</summary>
    private void ReadElements(ref WasmReader reader)
    {
        var flags = reader.Number();
        if (flags > 7)
        {
            throw new InvalidDataException("it has elements of an unknown kind");
        }

        var isActive = (flags & 1) == 0;
        var namesTable = (flags & 2) != 0;
        var hasExpressions = (flags & 4) != 0;
        if (isActive)
        {
            if (namesTable)
            {
                _ = reader.Number();
            }

            SkipExpression(ref reader);
        }

        // The kind of the elements, or their type; of the two oldest forms it is known.
        if ((!isActive || namesTable) && reader.Byte() is not (0 or FunctionReference))
        {
            throw new InvalidDataException("it has elements that are no functions");
        }

        for (var count = reader.Number(); count > 0; count--)
        {
            if (hasExpressions)
            {
                SkipExpression(ref reader);
            }
            else
            {
                _references.Add(reader.Number());
            }
        }
    }

    /// <summary>A constant expression (§3.3.13), of which the functions are noted that it refers to.</summary>
    private void SkipExpression(ref WasmReader reader)
    {
        while (true)
        {
            switch (reader.Byte())
            {
                case WasmCodes.EndOfExpression:
                    return;
                case WasmCodes.ConstantOfInt32 or ConstantOfInt64 or GetGlobal or NullReference:
                    reader.SkipNumber();
                    break;
                case ConstantOfFloat32:
                    _ = reader.Take(sizeof(float));
                    break;
                case ConstantOfFloat64:
                    _ = reader.Take(sizeof(double));
                    break;
                case WasmCodes.VectorPrefix when reader.Number() == ConstantOfVector:
                    _ = reader.Take(16);
                    break;
                case ReferenceOfFunction:
                    _references.Add(reader.Number());
                    break;
                case (>= 0x6a and <= 0x6c) or (>= 0x7c and <= 0x7e): // add, sub and mul of i32 and of i64
                    break;
                default:
                    throw new InvalidDataException("it has a constant expression that cannot be read");
            }
        }
    }

    private List<(string Name, byte Kind, uint Index)> ExportsAfterwards()
    {
        var nothing = _importedFunctions + (uint)_functionTypes.Count;
        var resume = Initializers.Any(Wizer.Contains) && IsExported(Resume) ? _exports.First(export => export.Name == Resume).Index : (uint?)null;
        return
        [
            .. _exports.Where(export => export.Name != Command || resume is null)
                .Select(export => Initializers.Contains(export.Name) ? (export.Name, export.Kind, nothing) : export),
            .. resume is { } index ? [(Command, FunctionKind, index)] : Array.Empty<(string, byte, uint)>(),
        ];
    }

    private static byte[] WriteExports(List<(string Name, byte Kind, uint Index)> exports)
    {
        using var section = new MemoryStream();
        section.WriteNumber((uint)exports.Count);
        foreach (var (name, kind, index) in exports)
        {
            section.WriteBytes(Encoding.UTF8.GetBytes(name));
            section.WriteByte(kind);
            section.WriteNumber(index);
        }

        return section.ToArray();
    }

    /// <summary>With one more at the end, of the type that initializers have.</summary>
    private byte[] WriteFunctions()
    {
        var initializer = _exports.First(export => export.Name == Initializers[0]).Index;
        using var section = new MemoryStream();
        section.WriteNumber((uint)_functionTypes.Count + 1);
        foreach (var type in _functionTypes)
        {
            section.WriteNumber(type);
        }

        section.WriteNumber(_functionTypes[(int)(initializer - _importedFunctions)]);
        return section.ToArray();
    }

    /// <summary>With one more at the end, which does nothing.</summary>
    private byte[] WriteCode()
    {
        var code = Section(WasmSections.Code);
        var reader = new WasmReader(code);
        using var section = new MemoryStream(code.Length + 8);
        section.WriteNumber(reader.Number() + 1);
        section.Write(code[reader.Position..]);
        section.WriteBytes([0, WasmCodes.EndOfExpression]);
        return section.ToArray();
    }

    private byte[] WriteGlobals(ModuleState state)
    {
        using var section = new MemoryStream();
        section.WriteNumber((uint)_globals.Count);
        var next = 0;
        foreach (var global in _globals)
        {
            section.WriteByte(global.Type);
            section.WriteByte(global.IsMutable ? (byte)1 : (byte)0);
            if (global.IsMutable)
            {
                WriteConstant(section, global.Type, state.Globals[next++]);
            }
            else
            {
                section.Write(global.Expression);
            }
        }

        return section.ToArray();
    }

    private static void WriteConstant(MemoryStream section, byte type, WasmValue value)
    {
        Span<byte> bits = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128LittleEndian(bits, value.Bits);
        switch (type)
        {
            case Int32:
                section.WriteByte(WasmCodes.ConstantOfInt32);
                section.WriteSignedNumber(BinaryPrimitives.ReadInt32LittleEndian(bits));
                break;
            case Int64:
                section.WriteByte(ConstantOfInt64);
                section.WriteSignedNumber(BinaryPrimitives.ReadInt64LittleEndian(bits));
                break;
            case Float32:
                section.WriteByte(ConstantOfFloat32);
                section.Write(bits[..sizeof(float)]);
                break;
            case Float64:
                section.WriteByte(ConstantOfFloat64);
                section.Write(bits[..sizeof(double)]);
                break;
            case Vector:
                section.WriteByte(WasmCodes.VectorPrefix);
                section.WriteNumber(ConstantOfVector);
                section.Write(bits);
                break;
            default:
                WriteReference(section, value.Function);
                return;
        }

        section.WriteByte(WasmCodes.EndOfExpression);
    }

    private static void WriteReference(MemoryStream section, uint? function)
    {
        section.WriteByte(function is null ? NullReference : ReferenceOfFunction);
        section.WriteNumber(function ?? FunctionReference);
        section.WriteByte(WasmCodes.EndOfExpression);
    }

    /// <summary>The only memory, which begins larger.</summary>
    private byte[] WriteMemory(uint pages)
    {
        var reader = new WasmReader(Section(WasmSections.Memory));
        var (count, flags) = (reader.Number(), reader.Byte());
        if (count != 1 || flags > 1)
        {
            throw new InvalidDataException("it has several memories, or one that is shared or of 64 bits");
        }

        _ = reader.Number();
        using var section = new MemoryStream();
        section.WriteNumber(count);
        section.WriteByte(flags);
        section.WriteNumber(pages);
        section.Write(reader.Rest);
        return section.ToArray();
    }

    /// <summary>
    /// What is in the memory, behind the segments that instructions may name by their number: each stays in its place, an active one as
    /// <c>memory.init</c> finds it once it has been applied, without bytes.
    /// </summary>
    private ReadOnlyMemory<byte> WriteData(ReadOnlySpan<byte> memory, out uint count)
    {
        var runs = FindData(memory);
        var old = Section(WasmSections.Data);
        var reader = new WasmReader(old);
        var kept = old.IsEmpty || Section(WasmSections.DataCount).IsEmpty ? 0 : reader.Number();
        count = kept + (uint)runs.Count;
        var section = new MemoryStream(old.Length + runs.Sum(run => MaxSegmentHead + run.End - run.Start));
        section.WriteNumber(count);
        for (var i = 0; i < kept; i++)
        {
            var flags = reader.Number();
            if (flags is WasmCodes.ActiveData or ActiveDataOfMemory)
            {
                _ = flags == ActiveDataOfMemory ? reader.Number() : 0;
                SkipExpression(ref reader);
            }
            else if (flags != WasmCodes.PassiveData)
            {
                throw new InvalidDataException("it has data of an unknown kind");
            }

            var bytes = reader.Take(reader.Number());
            section.WriteByte(WasmCodes.PassiveData);
            section.WriteBytes(flags == WasmCodes.PassiveData ? bytes : []);
        }

        foreach (var (start, end) in runs)
        {
            section.WriteByte(WasmCodes.ActiveData);
            section.WriteByte(WasmCodes.ConstantOfInt32);
            section.WriteSignedNumber(start);
            section.WriteByte(WasmCodes.EndOfExpression);
            section.WriteBytes(memory[start..end]);
        }

        return section.GetBuffer().AsMemory(0, (int)section.Length);
    }

    /// <summary>Where there is something else than zeros.</summary>
    private static List<(int Start, int End)> FindData(ReadOnlySpan<byte> memory)
    {
        var runs = new List<(int Start, int End)>();
        for (var block = 0; block < memory.Length; block += Block)
        {
            if (!memory.Slice(block, Block).ContainsAnyExcept((byte)0))
            {
                continue;
            }

            if (runs is [.., var (start, end)] && end == block)
            {
                runs[^1] = (start, block + Block);
            }
            else
            {
                runs.Add((block, block + Block));
            }
        }

        return runs;
    }

    private byte[] WriteTables(ModuleState state)
    {
        using var section = new MemoryStream();
        section.WriteNumber((uint)_tables.Count);
        for (var i = 0; i < _tables.Count; i++)
        {
            section.WriteByte(FunctionReference);
            section.WriteByte(_tables[i].Maximum is null ? (byte)0 : (byte)1);
            section.WriteNumber(Math.Max(_tables[i].Minimum, (uint)(state.Tables[i]?.Length ?? 0)));
            if (_tables[i].Maximum is { } maximum)
            {
                section.WriteNumber(maximum);
            }
        }

        return section.ToArray();
    }

    /// <summary>What was there, and behind it the whole of each table that has changed.</summary>
    private byte[] WriteElements(ModuleState state)
    {
        var old = Section(WasmSections.Element);
        var reader = new WasmReader(old);
        var count = old.IsEmpty ? 0 : reader.Number();
        using var section = new MemoryStream();
        section.WriteNumber(count + (uint)state.Tables.Count(table => table is not null));
        section.Write(reader.Rest);
        for (var i = 0; i < state.Tables.Length; i++)
        {
            if (state.Tables[i] is not { } elements)
            {
                continue;
            }

            section.WriteByte(ActiveElementsOfTable);
            section.WriteNumber((uint)i);
            section.Write([WasmCodes.ConstantOfInt32, 0, WasmCodes.EndOfExpression, FunctionReference]);
            section.WriteNumber((uint)elements.Length);
            foreach (var function in elements)
            {
                WriteReference(section, function);
            }
        }

        return section.ToArray();
    }

    private sealed record GlobalOf(byte Type, bool IsMutable, byte[] Expression);

    private sealed record TableOf(uint Minimum, uint? Maximum);
}
