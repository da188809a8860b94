namespace Wagi.Runtime.Components;

/// <summary>What the indices of a module mean in the module that it becomes a part of.</summary>
/// <param name="types">The first of its types.</param>
/// <param name="elements">The first of its segments of elements.</param>
/// <param name="data">The first of its segments of data.</param>
internal sealed class IndexMap(uint types, uint elements, uint data)
{
    private readonly Dictionary<CoreSort, List<uint>> _indices = new()
    {
        [CoreSort.Function] = [],
        [CoreSort.Table] = [],
        [CoreSort.Memory] = [],
        [CoreSort.Global] = [],
    };

    /// <summary>What is imported stands before what is defined, each in its order.</summary>
    public void Add(CoreSort sort, uint index) => _indices[sort].Add(index);

    /// <exception cref="InvalidDataException">The module has no such thing.</exception>
    public uint Of(CoreSort sort, uint index) => index < _indices[sort].Count
        ? _indices[sort][(int)index]
        : throw new InvalidDataException($"a module in it refers to {sort} {index}, which it does not have");

    /// <summary>How many things of a sort the module has, imported ones included.</summary>
    public uint Count(CoreSort sort) => (uint)_indices[sort].Count;

    public uint OfType(uint index) => types + index;

    public uint OfElements(uint index) => elements + index;

    public uint OfData(uint index) => data + index;
}
