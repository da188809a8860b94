using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Lowering;

/// <summary>
/// The handles of one run of a component. Each takes memory of the host, which the memory limit of the guest does not count: so their number is
/// bounded.
/// </summary>
internal sealed class HandleTable
{
    /// <summary>Handles at the same time.</summary>
    public const int Most = 10_000;

    // A handle is never 0 (component model, "Canonical ABI": Table).
    private readonly List<Resource?> _resources = [null];
    private readonly Stack<uint> _free = new();

    /// <summary>A new handle to a resource.</summary>
    /// <exception cref="TrapException">There are too many.</exception>
    public uint Add(Resource resource)
    {
        if (_free.TryPop(out var handle))
        {
            _resources[(int)handle] = resource;
            return handle;
        }

        if (_resources.Count > Most)
        {
            throw new TrapException($"the component holds {Most} handles and wants one more; drop those that are not needed any more");
        }

        _resources.Add(resource);
        return (uint)_resources.Count - 1;
    }

    /// <summary>What a handle leads to.</summary>
    /// <exception cref="TrapException">There is no such handle, or it is one to something else.</exception>
    public T Get<T>(uint handle)
        where T : Resource => handle < _resources.Count && _resources[(int)handle] is T resource ? resource : throw Unknown<T>(handle);

    /// <summary>Takes a handle away from the component.</summary>
    /// <exception cref="TrapException">As for <see cref="Get"/>.</exception>
    public T Remove<T>(uint handle)
        where T : Resource
    {
        var resource = Get<T>(handle);
        _resources[(int)handle] = null;
        _free.Push(handle);
        return resource;
    }

    /// <summary>Releases all of them.</summary>
    public void Clear()
    {
        foreach (var resource in _resources)
        {
            resource?.Release();
        }

        _resources.RemoveRange(1, _resources.Count - 1);
        _free.Clear();
    }

    private static TrapException Unknown<T>(uint handle) => new($"unknown handle index {handle}: there is no {typeof(T).Name} under it");
}
