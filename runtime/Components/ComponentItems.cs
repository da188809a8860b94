namespace Wagi.Runtime.Components;

/// <summary>The sorts of what a core module imports and exports (core specification §5.5.5).</summary>
internal enum CoreSort : byte
{
    Function = 0,
    Table = 1,
    Memory = 2,
    Global = 3,
}

/// <summary>Something that a core instance can be handed.</summary>
internal abstract record CoreItem
{
    /// <summary>A function of the host, which follows the canonical ABI (<c>canon lower</c>).</summary>
    /// <param name="Interface">The interface that it belongs to, with its version.</param>
    /// <param name="Name">Its name there.</param>
    /// <param name="Realloc">Gives it memory of the guest; null: it needs none.</param>
    public sealed record Lowered(string Interface, string Name, CoreItem? Realloc) : CoreItem;

    /// <summary>What a core instance exports.</summary>
    /// <param name="Instance">Its index.</param>
    /// <param name="Sort">What it is.</param>
    /// <param name="Name">Its name.</param>
    public sealed record ExportOf(int Instance, CoreSort Sort, string Name) : CoreItem;
}

/// <summary>An instance of a core module, or something with exports that stands in its place.</summary>
internal abstract record CoreInstance
{
    /// <summary>An instance of a module.</summary>
    /// <param name="Module">The module, in binary format.</param>
    /// <param name="Arguments">The index of an instance by the name that the module imports from.</param>
    public sealed record OfModule(ReadOnlyMemory<byte> Module, IReadOnlyDictionary<string, int> Arguments) : CoreInstance;

    /// <summary>Things under names.</summary>
    public sealed record OfItems(IReadOnlyDictionary<(CoreSort Sort, string Name), CoreItem> Items) : CoreInstance;
}

/// <summary>Something in one of the index spaces of a component.</summary>
internal abstract record ComponentItem
{
    /// <summary>What it is does not matter here, unless it is used.</summary>
    public static readonly ComponentItem Opaque = new Unknown();

    /// <summary>An instance that the component imports: an interface.</summary>
    public sealed record Imported(string Name) : ComponentItem;

    /// <summary>A function or a type of an interface that the component imports.</summary>
    public sealed record ImportedMember(string Interface, string Name) : ComponentItem;

    /// <summary>A function of the component (<c>canon lift</c>).</summary>
    /// <param name="Function">The core function that is called.</param>
    /// <param name="PostReturn">Called when its result has been read; null: nothing is.</param>
    public sealed record Lifted(CoreItem Function, CoreItem? PostReturn) : ComponentItem;

    /// <summary>An instance made of things under names.</summary>
    public sealed record Instance(IReadOnlyDictionary<string, ComponentItem> Items) : ComponentItem;

    /// <summary>A component inside the component, in binary format.</summary>
    public sealed record Nested(ReadOnlyMemory<byte> Binary) : ComponentItem;

    private sealed record Unknown : ComponentItem;
}
