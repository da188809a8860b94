using System.Text;
using Wagi.Oci.Modules;
using Wagi.Runtime.Images;

namespace Wagi.Runtime.Components;

/// <summary>
/// Makes one core module of a component: its core modules one after the other, what they import of each other in place, and what they import of the
/// host as imports. So a component is compiled, instantiated and called as any other module is.
/// </summary>
/// <remarks>
/// What an instance of a component does in order (its modules' segments and start functions, one module after the other) happens here sort by
/// sort: all segments first, then the start functions in their order. A start function may therefore find a table filled that it would have
/// trapped on. What cannot become one module, two memories for one, is refused.
/// </remarks>
internal sealed class ComponentFusion
{
    private const byte Type = 1;

    // Types of functions (core specification §5.3.6): what follows from the types of run, (result (result)), of handle, which gets two handles,
    // and of realloc.
    private static readonly byte[] TypeOfRun = [0x60, 0, 1, 0x7f];
    private static readonly byte[] TypeOfHandle = [0x60, 2, 0x7f, 0x7f, 0];
    private static readonly byte[] TypeOfPostReturn = [0x60, 1, 0x7f, 0];
    private static readonly byte[] TypeOfPostReturnOfNothing = [0x60, 0, 0];
    private static readonly byte[] TypeOfRealloc = [0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f];

    private readonly ComponentStructure _component;
    private readonly List<Part> _parts = [];
    private readonly Dictionary<int, Part> _partOfInstance = [];
    private readonly List<(string Interface, string Name, ReadOnlyMemory<byte> Type)> _imports = [];
    private readonly List<uint> _reallocs = [];
    private bool _growsMemoryOfAnother;

    /// <summary>How a core module begins, version 1 (core specification §5.5.16).</summary>
    private static ReadOnlySpan<byte> Preamble => "\0asm\u0001\0\0\0"u8;

    private ComponentFusion(ReadOnlyMemory<byte> component)
    {
        _component = ComponentStructure.Read(component);
        var modules = new HashSet<ReadOnlyMemory<byte>>();
        for (var i = 0; i < _component.CoreInstances.Count; i++)
        {
            if (_component.CoreInstances[i] is CoreInstance.OfModule instance)
            {
                if (!modules.Add(instance.Module))
                {
                    throw new InvalidDataException("it makes two instances of a core module");
                }

                _parts.Add(_partOfInstance[i] = new Part(CoreModule.Read(instance.Module), instance));
            }
        }
    }

    /// <summary>Makes the module.</summary>
    /// <param name="component">A component in binary format.</param>
    /// <exception cref="InvalidDataException">It is none, is cut off, or cannot become one module; the message says why.</exception>
    public static FusedModule Fuse(ReadOnlyMemory<byte> component) => new ComponentFusion(component).Fuse();

    private FusedModule Fuse()
    {
        var entry = FindEntry();
        Place();
        ConnectImports();
        if (_parts.Sum(part => part.Module.Defined(CoreSort.Memory)) > 1)
        {
            throw new InvalidDataException("it has several memories");
        }

        var exports = WriteExports(entry);
        var functions = (uint)_imports.Count + (uint)_parts.Sum(part => part.Module.Functions.Count);
        var starts = Starts();
        var module = new MemoryStream();
        module.Write(Preamble);
        Write(module, Type, WriteTypes(hasStart: starts.Count > 1));
        Write(module, WasmSections.Import, WriteImports());
        Write(module, WasmSections.Function, WriteFunctions(hasStart: starts.Count > 1));
        Write(module, WasmSections.Table, Together(WasmSections.Table, MoveTable));
        Write(module, WasmSections.Memory, Together(WasmSections.Memory, Copy));
        Write(module, WasmSections.Global, Together(WasmSections.Global, MoveGlobal));
        Write(module, WasmSections.Export, exports);
        if (starts.Count > 0)
        {
            using var start = new MemoryStream();
            start.WriteNumber(starts.Count == 1 ? starts[0] : functions);
            module.WriteSection(WasmSections.Start, start.ToArray());
        }

        Write(module, WasmSections.Element, Together(WasmSections.Element, ElementMover.Move));
        if (_parts.Exists(part => part.Module.CountsData))
        {
            using var count = new MemoryStream();
            count.WriteNumber((uint)_parts.Sum(part => part.Module.CountOf(WasmSections.Data)));
            module.WriteSection(WasmSections.DataCount, count.ToArray());
        }

        Write(module, WasmSections.Code, WriteCode(starts));
        Write(module, WasmSections.Data, Together(WasmSections.Data, MoveData));
        WriteNames(module);
        return new FusedModule(module.ToArray(), _growsMemoryOfAnother);
    }

    /// <summary>The function that is called: a component that answers requests does that, whatever else it may be.</summary>
    private Entry FindEntry() =>
        Find(FusedComponent.HandlerInterface, "handle") is { } handle ? new Entry(FusedComponent.Handle, handle, TypeOfHandle, TypeOfPostReturnOfNothing)
        : Find(FusedComponent.RunInterface, "run") is { } run ? new Entry(FusedComponent.Run, run, TypeOfRun, TypeOfPostReturn)
        : throw new InvalidDataException("it exports neither wasi:http/incoming-handler@0.2 nor wasi:cli/run@0.2 with a function of its own");

    private ComponentItem.Lifted? Find(string exported, string function) =>
        _component.Exports.FirstOrDefault(export => export.Key.StartsWith(exported, StringComparison.Ordinal)).Value is ComponentItem.Instance instance
            ? instance.Items.GetValueOrDefault(function) as ComponentItem.Lifted
            : null;

    /// <summary>Gives each module its ranges of the indices that it defines.</summary>
    private void Place()
    {
        uint types = 0, elements = 0, data = 0;
        foreach (var part in _parts)
        {
            part.Map = new IndexMap(types, elements, data);
            types += (uint)part.Module.Types.Count;
            elements += part.Module.CountOf(WasmSections.Element);
            data += part.Module.CountOf(WasmSections.Data);
        }

        // The imports of the host stand before the functions that are defined, so all of them have to be known first.
        foreach (var part in _parts)
        {
            foreach (var import in part.Module.Imports)
            {
                part.Resolved.Add(Resolve(part.Instance, import));
            }
        }

        foreach (var part in _parts)
        {
            for (var i = 0; i < part.Resolved.Count; i++)
            {
                if (part.Resolved[i] is CoreItem.Lowered lowered)
                {
                    part.HostIndex[i] = (uint)_imports.Count;
                    var type = part.Module.Imports[i].Type;
                    _imports.Add((
                        lowered.Interface, "", type < part.Module.Types.Count ? part.Module.Types[(int)type] : throw new InvalidDataException("a module in it imports a function of no type")));
                }
            }
        }

        foreach (var sort in Enum.GetValues<CoreSort>())
        {
            var next = sort == CoreSort.Function ? (uint)_imports.Count : 0;
            foreach (var part in _parts)
            {
                part.First[sort] = next;
                next += part.Module.Defined(sort);
            }
        }
    }

    /// <summary>Fills the maps: what is imported, in its order, then what is defined.</summary>
    private void ConnectImports()
    {
        foreach (var part in _parts)
        {
            for (var i = 0; i < part.Resolved.Count; i++)
            {
                var import = part.Module.Imports[i];
                part.Map.Add(import.Sort, part.HostIndex.TryGetValue(i, out var host) ? host : IndexOf(part.Resolved[i], import.Sort));
                if (import.Sort == CoreSort.Function && part.Resolved[i] is CoreItem.Lowered lowered)
                {
                    _imports[(int)host] = _imports[(int)host] with { Name = FusedComponent.Import(lowered.Name, ReallocOf(lowered)) };
                }
            }

            foreach (var sort in Enum.GetValues<CoreSort>())
            {
                for (var i = 0u; i < part.Module.Defined(sort); i++)
                {
                    part.Map.Add(sort, part.First[sort] + i);
                }
            }
        }
    }

    private int? ReallocOf(CoreItem.Lowered lowered)
    {
        if (lowered.Realloc is null)
        {
            return null;
        }

        var function = FunctionOf(lowered.Realloc, TypeOfRealloc);
        var number = _reallocs.IndexOf(function);
        if (number < 0)
        {
            number = _reallocs.Count;
            _reallocs.Add(function);
        }

        return number;
    }

    /// <summary>What an import of a module is: a function of the host, or what another module exports.</summary>
    private CoreItem Resolve(CoreInstance.OfModule instance, CoreImport import) =>
        instance.Arguments.TryGetValue(import.Module, out var argument)
            ? Follow(new CoreItem.ExportOf(argument, import.Sort, import.Name))
            : throw new InvalidDataException($"a module in it imports from '{import.Module}', and is not handed it");

    /// <summary>Follows names to where something is defined: each refers to an instance that was made before.</summary>
    private CoreItem Follow(CoreItem item)
    {
        while (item is CoreItem.ExportOf export)
        {
            switch (_component.CoreInstances[export.Instance])
            {
                case CoreInstance.OfItems items:
                    item = items.Items.GetValueOrDefault((export.Sort, export.Name)) ?? throw Missing(export);
                    break;
                case CoreInstance.OfModule instance:
                    var module = _partOfInstance[export.Instance].Module;
                    if (!module.Exports.TryGetValue((export.Sort, export.Name), out var index))
                    {
                        throw Missing(export);
                    }

                    if (module.ImportAt(export.Sort, index) is not { } import)
                    {
                        return item;
                    }

                    item = instance.Arguments.TryGetValue(import.Module, out var argument)
                        ? new CoreItem.ExportOf(argument, import.Sort, import.Name)
                        : throw Missing(export);
                    break;
            }
        }

        return item;
    }

    private static InvalidDataException Missing(CoreItem.ExportOf export) => new($"a module in it imports '{export.Name}', which is not there");

    /// <summary>The index of something that is defined by a module.</summary>
    private uint IndexOf(CoreItem item, CoreSort sort)
    {
        if (Follow(item) is not CoreItem.ExportOf defined || defined.Sort != sort)
        {
            throw new InvalidDataException("it uses a function of the host where it should use one of its own");
        }

        var part = _partOfInstance[defined.Instance];
        var imported = part.Module.Imported(sort);
        var index = part.Module.Exports[(sort, defined.Name)];
        return index - imported < part.Module.Defined(sort)
            ? part.First[sort] + index - imported
            : throw new InvalidDataException($"a module in it exports {sort} {index}, which it does not have");
    }

    /// <summary>The index of a function, which is called from here: so its type matters.</summary>
    private uint FunctionOf(CoreItem item, ReadOnlySpan<byte> type)
    {
        var index = IndexOf(item, CoreSort.Function);
        var part = _parts.Last(part => part.First[CoreSort.Function] <= index && part.Module.Functions.Count > 0);
        var found = part.Module.Functions[(int)(index - part.First[CoreSort.Function])];
        return found < part.Module.Types.Count && part.Module.Types[(int)found].Span.SequenceEqual(type)
            ? index
            : throw new InvalidDataException("a function that the host is to call is of another type");
    }

    private List<uint> Starts() =>
        [.. _parts.Where(part => part.Module.Start is not null).Select(part => part.Map.Of(CoreSort.Function, part.Module.Start!.Value))];

    private byte[] WriteExports(Entry entry)
    {
        var exports = new List<(string Name, CoreSort Sort, uint Index)> { (entry.Name, CoreSort.Function, FunctionOf(entry.Function.Function, entry.Type)) };
        if (entry.Function.PostReturn is { } postReturn)
        {
            // Called by nobody: with the instance goes all that it would free. But it has to be a function, which gets what the other one has given.
            _ = FunctionOf(postReturn, entry.TypeOfPostReturn);
        }

        if (_parts.Exists(part => part.Module.Defined(CoreSort.Memory) > 0))
        {
            exports.Add((FusedComponent.Memory, CoreSort.Memory, 0));
        }

        exports.AddRange(_reallocs.Select((function, number) => (FusedComponent.Realloc(number), CoreSort.Function, function)));
        using var section = new MemoryStream();
        section.WriteNumber((uint)exports.Count);
        foreach (var (name, sort, index) in exports)
        {
            section.WriteBytes(Encoding.UTF8.GetBytes(name));
            section.WriteByte((byte)sort);
            section.WriteNumber(index);
        }

        return section.ToArray();
    }

    private byte[] WriteTypes(bool hasStart)
    {
        using var section = new MemoryStream();
        section.WriteNumber((uint)(_parts.Sum(part => part.Module.Types.Count) + _imports.Count + (hasStart ? 1 : 0)));
        foreach (var type in _parts.SelectMany(part => part.Module.Types).Concat(_imports.Select(import => import.Type)))
        {
            section.Write(type.Span);
        }

        if (hasStart)
        {
            section.Write([0x60, 0, 0]); // of a function without parameters and results
        }

        return section.ToArray();
    }

    private uint TypesOfModules => (uint)_parts.Sum(part => part.Module.Types.Count);

    private byte[] WriteImports()
    {
        using var section = new MemoryStream();
        section.WriteNumber((uint)_imports.Count);
        for (var i = 0; i < _imports.Count; i++)
        {
            section.WriteBytes(Encoding.UTF8.GetBytes(_imports[i].Interface));
            section.WriteBytes(Encoding.UTF8.GetBytes(_imports[i].Name));
            section.WriteByte((byte)CoreSort.Function);
            section.WriteNumber(TypesOfModules + (uint)i);
        }

        return section.ToArray();
    }

    private byte[] WriteFunctions(bool hasStart)
    {
        using var section = new MemoryStream();
        section.WriteNumber((uint)(_parts.Sum(part => part.Module.Functions.Count) + (hasStart ? 1 : 0)));
        foreach (var part in _parts)
        {
            foreach (var type in part.Module.Functions)
            {
                section.WriteNumber(part.Map.OfType(type));
            }
        }

        if (hasStart)
        {
            section.WriteNumber(TypesOfModules + (uint)_imports.Count);
        }

        return section.ToArray();
    }

    private byte[] WriteCode(List<uint> starts)
    {
        using var section = new MemoryStream();
        section.WriteNumber((uint)_parts.Sum(part => part.Module.CountOf(WasmSections.Code)) + (starts.Count > 1 ? 1u : 0));
        using var body = new MemoryStream();
        foreach (var part in _parts)
        {
            var (count, items) = part.Module.Sections.GetValueOrDefault(WasmSections.Code);
            var reader = new WasmReader(items.Span);
            for (var i = 0; i < count; i++)
            {
                var code = reader.Take(reader.Number());
                var known = LibraryRoutines.InPlaceOf(part.Module.TypeOfDefined(i), code);
                body.SetLength(0);
                _growsMemoryOfAnother |= CodeMover.MoveBody(known.IsEmpty ? code : known, part.Map, body) && part.Module.Defined(CoreSort.Memory) == 0;
                section.WriteBytes(body.GetBuffer().AsSpan(0, (int)body.Length));
            }
        }

        if (starts.Count > 1)
        {
            body.SetLength(0);
            body.WriteByte(0);
            foreach (var start in starts)
            {
                body.WriteByte(0x10); // call
                body.WriteNumber(start);
            }

            body.WriteByte(WasmCodes.EndOfExpression);
            section.WriteBytes(body.GetBuffer().AsSpan(0, (int)body.Length));
        }

        return section.ToArray();
    }

    /// <summary>A section of all modules, one after the other.</summary>
    private byte[]? Together(byte id, ItemMover move)
    {
        var count = (uint)_parts.Sum(part => part.Module.CountOf(id));
        if (count == 0)
        {
            return null;
        }

        using var section = new MemoryStream();
        section.WriteNumber(count);
        foreach (var part in _parts)
        {
            var (items, content) = part.Module.Sections.GetValueOrDefault(id);
            var reader = new WasmReader(content.Span);
            for (; items > 0; items--)
            {
                move(ref reader, part.Map, section);
            }
        }

        return section.ToArray();
    }

    private static void Copy(ref WasmReader reader, IndexMap map, MemoryStream target) => target.Write(reader.Take((uint)reader.Rest.Length));

    private static void MoveTable(ref WasmReader reader, IndexMap map, MemoryStream target)
    {
        var start = reader.Position;
        WasmTypes.RequirePlain(reader.Byte());
        var hasMaximum = reader.Byte();
        reader.SkipNumber();
        if (hasMaximum == 1)
        {
            reader.SkipNumber();
        }
        else if (hasMaximum != 0)
        {
            throw new InvalidDataException("a module in it has a table of 64 bits, or a shared one");
        }

        target.Write(reader.Since(start));
    }

    private static void MoveGlobal(ref WasmReader reader, IndexMap map, MemoryStream target)
    {
        var type = reader.Byte();
        WasmTypes.RequirePlain(type);
        target.WriteByte(type);
        target.WriteByte(reader.Byte());
        CodeMover.MoveExpression(ref reader, map, target);
    }

    private static void MoveData(ref WasmReader reader, IndexMap map, MemoryStream target)
    {
        const byte OfMemory = 2;
        var kind = reader.Byte();
        switch (kind)
        {
            case WasmCodes.PassiveData:
                target.WriteByte(kind);
                break;
            case OfMemory when reader.Number() != 0:
                throw new InvalidDataException("a module in it has several memories");
            case WasmCodes.ActiveData or OfMemory:
                target.WriteByte(WasmCodes.ActiveData);
                CodeMover.MoveExpression(ref reader, map, target);
                break;
            default:
                throw new InvalidDataException("a module in it has data of an unknown kind");
        }

        target.WriteBytes(reader.Take(reader.Number()));
    }

    private static void Write(MemoryStream module, byte id, byte[]? section)
    {
        if (section is not null)
        {
            module.WriteSection(id, section);
        }
    }

    /// <summary>The names of functions, which a trap is told with.</summary>
    private void WriteNames(MemoryStream module)
    {
        var names = new SortedDictionary<uint, string>();
        foreach (var part in _parts)
        {
            var imported = part.Module.Imported(CoreSort.Function);
            foreach (var (index, name) in part.Module.Names)
            {
                if (index >= imported && index < part.Map.Count(CoreSort.Function))
                {
                    names[part.Map.Of(CoreSort.Function, index)] = name;
                }
            }
        }

        if (names.Count == 0)
        {
            return;
        }

        using var map = new MemoryStream();
        map.WriteNumber((uint)names.Count);
        foreach (var (index, name) in names)
        {
            map.WriteNumber(index);
            map.WriteBytes(Encoding.UTF8.GetBytes(name));
        }

        using var section = new MemoryStream();
        section.WriteBytes("name"u8);
        section.WriteSection(1, map.ToArray());
        module.WriteSection(WasmSections.Custom, section.ToArray());
    }

    private delegate void ItemMover(ref WasmReader reader, IndexMap map, MemoryStream target);

    /// <summary>The function that is called.</summary>
    /// <param name="Name">What it is exported as.</param>
    /// <param name="Function">The function.</param>
    /// <param name="Type">The type that it must have.</param>
    /// <param name="TypeOfPostReturn">The type of the function that would free its results.</param>
    private sealed record Entry(string Name, ComponentItem.Lifted Function, byte[] Type, byte[] TypeOfPostReturn);

    /// <summary>A module, and where it is in the one that is made.</summary>
    private sealed class Part(CoreModule module, CoreInstance.OfModule instance)
    {
        public CoreModule Module { get; } = module;

        public CoreInstance.OfModule Instance { get; } = instance;

        /// <summary>What its indices mean.</summary>
        public IndexMap Map { get; set; } = null!;

        /// <summary>The first index of what it defines.</summary>
        public Dictionary<CoreSort, uint> First { get; } = [];

        /// <summary>What its imports are, in their order.</summary>
        public List<CoreItem> Resolved { get; } = [];

        /// <summary>The index of those that are functions of the host, by their place.</summary>
        public Dictionary<int, uint> HostIndex { get; } = [];
    }
}
