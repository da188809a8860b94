using System.Runtime.CompilerServices;
using Wagi.Oci.Modules;
using Wagi.Runtime.Images;

namespace Wagi.Runtime.Components;

/// <summary>
/// A component, as toolchains make them: core modules, how they are wired together and to the interfaces of the host, and which functions they
/// export (component model, "Binary Format"). Types are not looked at: what is handed to core code follows from the interfaces' names.
/// </summary>
internal sealed class ComponentStructure
{
    /// <summary>Instances in the core of one component: tools make some fifty. What refers to one refers to an earlier one, so this bounds depth as well.</summary>
    private const int MaxCoreInstances = 2_000;

    /// <summary>Components inside components: tools make one level, around each interface that is exported.</summary>
    private const int MaxDepth = 4;

    /// <summary>Bytes of the components inside it, each counted as often as it is instantiated.</summary>
    private const long MaxNestedBytes = 16 << 20;

    private const byte ExportName = 0x00;
    private const byte ExportNameOfOldTools = 0x01;

    private readonly Func<string, ComponentItem> _import;
    private readonly int _depth;
    private readonly StrongBox<long> _nestedBytes;
    private readonly List<ReadOnlyMemory<byte>> _coreModules = [];
    private readonly List<CoreInstance> _coreInstances = [];
    private readonly Dictionary<CoreSort, List<CoreItem>> _core = new()
    {
        [CoreSort.Function] = [],
        [CoreSort.Table] = [],
        [CoreSort.Memory] = [],
        [CoreSort.Global] = [],
    };

    private readonly Dictionary<Sort, List<ComponentItem>> _items = new()
    {
        [Sort.Function] = [],
        [Sort.Type] = [],
        [Sort.Component] = [],
        [Sort.Instance] = [],
    };

    private readonly Dictionary<string, ComponentItem> _exports = new(StringComparer.Ordinal);
    private readonly List<string> _imports = [];

    private ComponentStructure(ReadOnlyMemory<byte> binary, Func<string, ComponentItem> import, int depth, StrongBox<long> nestedBytes)
    {
        _import = import;
        _depth = depth;
        _nestedBytes = nestedBytes;
        foreach (var section in WasmSections.Read(binary.Span))
        {
            ReadSection(section.Id, binary[section.Content..section.End]);
        }
    }

    private enum Sort : byte
    {
        Core = 0,
        Function = 1,
        Value = 2,
        Type = 3,
        Component = 4,
        Instance = 5,
    }

    /// <summary>The core instances, in the order in which they are made.</summary>
    public IReadOnlyList<CoreInstance> CoreInstances => _coreInstances;

    /// <summary>What it imports, by name: interfaces, with their versions.</summary>
    public IReadOnlyList<string> Imports => _imports;

    /// <summary>What it exports, by name.</summary>
    public IReadOnlyDictionary<string, ComponentItem> Exports => _exports;

    /// <summary>Reads a component.</summary>
    /// <param name="binary">A component in binary format.</param>
    /// <exception cref="InvalidDataException">It is none, or has something in it that is not known here; the message says what.</exception>
    public static ComponentStructure Read(ReadOnlyMemory<byte> binary) => new(binary, name => new ComponentItem.Imported(name), depth: 0, new StrongBox<long>());

    private void ReadSection(byte id, ReadOnlyMemory<byte> content)
    {
        switch (id)
        {
            case 0: // custom
            case 3: // core types
                break;
            case 1:
                RequireRoot("core modules");
                _coreModules.Add(content);
                break;
            case 2:
                RequireRoot("core instances");
                WasmSections.ReadVector(content.Span, ReadCoreInstance);
                break;
            case 4:
                _items[Sort.Component].Add(new ComponentItem.Nested(content));
                break;
            case 5:
                WasmSections.ReadVector(content.Span, ReadInstance);
                break;
            case 6:
                WasmSections.ReadVector(content.Span, ReadAlias);
                break;
            case 7:
                var reader = new WasmReader(content.Span);
                AddTypes(reader.Number(), content.Length);
                break;
            case 8:
                RequireRoot("functions of its own");
                WasmSections.ReadVector(content.Span, ReadCanonical);
                break;
            case 10:
                WasmSections.ReadVector(content.Span, ReadImport);
                break;
            case 11:
                WasmSections.ReadVector(content.Span, ReadExport);
                break;
            default:
                throw new InvalidDataException($"it has a section {id}, which is not known here");
        }
    }

    /// <summary>A component inside another one only gives names and types to what it is handed; one with code is a composition.</summary>
    private void RequireRoot(string what)
    {
        if (_depth > 0)
        {
            throw new InvalidDataException($"it is composed of components: one inside it has {what}");
        }
    }

    private void AddTypes(uint count, int bytes)
    {
        if (count > bytes)
        {
            throw new InvalidDataException("it has more types than there is room for");
        }

        _items[Sort.Type].AddRange(Enumerable.Repeat(ComponentItem.Opaque, (int)count));
    }

    private void ReadCoreInstance(ref WasmReader reader)
    {
        if (_coreInstances.Count == MaxCoreInstances)
        {
            throw new InvalidDataException($"it has more than {MaxCoreInstances} core instances");
        }

        switch (reader.Byte())
        {
            case 0:
                var module = At(_coreModules, reader.Number(), "core module");
                var arguments = new Dictionary<string, int>(StringComparer.Ordinal);
                for (var count = reader.Number(); count > 0; count--)
                {
                    var name = reader.Name();
                    Expect(ref reader, 0x12, "an argument of a core instance");
                    arguments[name] = Index(_coreInstances, reader.Number(), "core instance");
                }

                _coreInstances.Add(new CoreInstance.OfModule(module, arguments));
                break;
            case 1:
                var items = new Dictionary<(CoreSort, string), CoreItem>();
                for (var count = reader.Number(); count > 0; count--)
                {
                    var name = reader.Name();
                    var sort = CoreSortOf(ref reader);
                    items[(sort, name)] = Core(sort, reader.Number());
                }

                _coreInstances.Add(new CoreInstance.OfItems(items));
                break;
            case var kind:
                throw new InvalidDataException($"it has a core instance of an unknown kind, {kind}");
        }
    }

    private void ReadInstance(ref WasmReader reader)
    {
        switch (reader.Byte())
        {
            case 0:
                var component = Item(Sort.Component, reader.Number());
                var arguments = new Dictionary<string, ComponentItem>(StringComparer.Ordinal);
                for (var count = reader.Number(); count > 0; count--)
                {
                    var name = reader.Name();
                    arguments[name] = Item(ref reader);
                }

                _items[Sort.Instance].Add(Instantiate(component, arguments));
                break;
            case 1:
                var items = new Dictionary<string, ComponentItem>(StringComparer.Ordinal);
                for (var count = reader.Number(); count > 0; count--)
                {
                    var name = ExternalName(ref reader);
                    items[name] = Item(ref reader);
                }

                _items[Sort.Instance].Add(new ComponentItem.Instance(items));
                break;
            case var kind:
                throw new InvalidDataException($"it has an instance of an unknown kind, {kind}");
        }
    }

    private ComponentItem.Instance Instantiate(ComponentItem component, Dictionary<string, ComponentItem> arguments)
    {
        if (component is not ComponentItem.Nested nested || _depth == MaxDepth)
        {
            throw new InvalidDataException("it is composed of components that it imports, or that lie too deep in it");
        }

        _nestedBytes.Value += nested.Binary.Length;
        if (_nestedBytes.Value > MaxNestedBytes)
        {
            throw new InvalidDataException($"the components in it, as often as they are used, are larger than {MaxNestedBytes} bytes");
        }

        var inside = new ComponentStructure(
            nested.Binary,
            name => arguments.GetValueOrDefault(name) ?? throw new InvalidDataException($"a component in it imports '{name}', and is not handed it"),
            _depth + 1, _nestedBytes);
        return new ComponentItem.Instance(inside._exports);
    }

    private void ReadAlias(ref WasmReader reader)
    {
        var sort = (Sort)reader.Byte();
        var coreSort = sort == Sort.Core ? CoreSortOf(ref reader) : default;
        switch (reader.Byte())
        {
            case 0:
                var instance = Item(Sort.Instance, reader.Number());
                Items(sort).Add(Member(instance, reader.Name()));
                break;
            case 1 when sort == Sort.Core:
                var index = Index(_coreInstances, reader.Number(), "core instance");
                _core[coreSort].Add(new CoreItem.ExportOf(index, coreSort, reader.Name()));
                break;
            case 2 when sort is Sort.Type:
                // Of a component around this one. Such types describe; those of resources that matter are this component's own or imported.
                _ = reader.Number();
                _ = reader.Number();
                Items(sort).Add(ComponentItem.Opaque);
                break;
            case var target:
                throw new InvalidDataException($"it has an alias of an unknown kind, {(byte)sort} {target}");
        }
    }

    private static ComponentItem Member(ComponentItem instance, string name) => instance switch
    {
        ComponentItem.Imported imported => new ComponentItem.ImportedMember(imported.Name, name),
        ComponentItem.Instance items => items.Items.GetValueOrDefault(name) ?? ComponentItem.Opaque,
        _ => ComponentItem.Opaque,
    };

    private void ReadCanonical(ref WasmReader reader)
    {
        switch (reader.Byte())
        {
            case 0:
                Expect(ref reader, 0, "a lifted function");
                var lifted = Core(CoreSort.Function, reader.Number());
                var (_, postReturn) = ReadOptions(ref reader);
                _ = reader.Number();
                _items[Sort.Function].Add(new ComponentItem.Lifted(lifted, postReturn));
                break;
            case 1:
                Expect(ref reader, 0, "a lowered function");
                var function = Item(Sort.Function, reader.Number());
                var (realloc, _) = ReadOptions(ref reader);
                _core[CoreSort.Function].Add(function is ComponentItem.ImportedMember member
                    ? new CoreItem.Lowered(member.Interface, member.Name, realloc)
                    : throw new InvalidDataException("it lowers a function that does not belong to an interface that it imports"));
                break;
            case 3:
                _core[CoreSort.Function].Add(Item(Sort.Type, reader.Number()) is ComponentItem.ImportedMember resource
                    ? new CoreItem.Lowered(resource.Interface, ResourceDrop(resource.Name), Realloc: null)
                    : throw new InvalidDataException("it has resources of its own"));
                break;
            case 2 or 4:
                throw new InvalidDataException("it has resources of its own");
            case var kind:
                throw new InvalidDataException($"it uses the canonical built-in 0x{kind:x2}, which is not known here");
        }
    }

    /// <summary>The name of the function that drops a handle to a resource, as tools write it for core modules.</summary>
    public static string ResourceDrop(string resource) => $"[resource-drop]{resource}";

    private (CoreItem? Realloc, CoreItem? PostReturn) ReadOptions(ref WasmReader reader)
    {
        CoreItem? realloc = null;
        CoreItem? postReturn = null;
        for (var count = reader.Number(); count > 0; count--)
        {
            switch (reader.Byte())
            {
                case 0: // UTF-8
                    break;
                case 1 or 2:
                    throw new InvalidDataException("its strings are UTF-16");
                case 3:
                    _ = Core(CoreSort.Memory, reader.Number()); // there is but one
                    break;
                case 4:
                    realloc = Core(CoreSort.Function, reader.Number());
                    break;
                case 5:
                    postReturn = Core(CoreSort.Function, reader.Number());
                    break;
                case 6 or 7:
                    throw new InvalidDataException("it has asynchronous functions");
                case var option:
                    throw new InvalidDataException($"it uses the canonical option 0x{option:x2}, which is not known here");
            }
        }

        return (realloc, postReturn);
    }

    private void ReadImport(ref WasmReader reader)
    {
        var name = ExternalName(ref reader);
        var sort = ReadDescription(ref reader);
        if (_depth == 0)
        {
            _imports.Add(name);
        }

        var item = _import(name);
        Items(sort).Add(_depth > 0 || sort == Sort.Instance ? item : ComponentItem.Opaque);
    }

    private void ReadExport(ref WasmReader reader)
    {
        var name = ExternalName(ref reader);
        var sort = (Sort)reader.Byte();
        if (sort == Sort.Core)
        {
            throw new InvalidDataException($"it exports a core module, '{name}'");
        }

        var item = Item(sort, reader.Number());
        if (reader.Byte() != 0)
        {
            _ = ReadDescription(ref reader);
        }

        _exports[name] = item;
        Items(sort).Add(item);
    }

    private static Sort ReadDescription(ref WasmReader reader)
    {
        var sort = (Sort)reader.Byte();
        switch (sort)
        {
            case Sort.Function or Sort.Component or Sort.Instance:
                _ = reader.Number();
                return sort;
            case Sort.Type:
                if (reader.Byte() == 0)
                {
                    _ = reader.Number();
                }

                return sort;
            default:
                throw new InvalidDataException("it imports or exports core modules or values");
        }
    }

    private static string ExternalName(ref WasmReader reader) => reader.Byte() is ExportName or ExportNameOfOldTools
        ? reader.Name()
        : throw new InvalidDataException("a name of an import or export is of an unknown kind");

    private static void Expect(ref WasmReader reader, byte expected, string where)
    {
        if (reader.Byte() is var found && found != expected)
        {
            throw new InvalidDataException($"{where} is of an unknown kind, {found}");
        }
    }

    private static CoreSort CoreSortOf(ref WasmReader reader)
    {
        var sort = (CoreSort)reader.Byte();
        return sort <= CoreSort.Global ? sort : throw new InvalidDataException($"it uses something of the core sort {(byte)sort}, which is not known here");
    }

    private ComponentItem Item(ref WasmReader reader)
    {
        var sort = (Sort)reader.Byte();
        return Item(sort, reader.Number());
    }

    private ComponentItem Item(Sort sort, uint index) => At(Items(sort), index, sort.ToString());

    private CoreItem Core(CoreSort sort, uint index) => At(_core[sort], index, sort.ToString());

    private List<ComponentItem> Items(Sort sort) =>
        _items.GetValueOrDefault(sort) ?? throw new InvalidDataException($"it uses something of the sort {(byte)sort}, which is not known here");

    private static int Index<T>(List<T> items, uint index, string what)
    {
        _ = At(items, index, what);
        return (int)index;
    }

    private static T At<T>(List<T> items, uint index, string what) => index < items.Count
        ? items[(int)index]
        : throw new InvalidDataException($"it refers to {what} {index}, and there are {items.Count}");
}
