using System.Runtime.InteropServices;

namespace Wagi.Runtime.Memories;

/// <summary>Idle slots. One for each processor, so that processors do not wait for each other.</summary>
internal sealed unsafe class IdleSlots
{
    /// <summary>
    /// Bytes that an idle slot takes besides the pages that its guest wrote to: 8 KiB of page tables and, about, 12 KiB of its instance and store. Measured
    /// with a thousand modules.
    /// </summary>
    private const long Unseen = 20 << 10;

    private readonly Lock _lock = new();

    /// <summary>All of them.</summary>
    private SlotChain _all;

    /// <summary>Those of each module; an empty chain is kept for as long as the module is loaded, because it soon has one again.</summary>
    private readonly Dictionary<long, SlotChain> _ofModule = [];

    private int _count;
    private long _kept;
    private long _instancesTaken;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes that they take.</summary>
    public long Kept => Volatile.Read(ref _kept);

    /// <summary>How many have been taken with an instance.</summary>
    public long InstancesTaken => Volatile.Read(ref _instancesTaken);

    /// <summary>The slot of that module and length that was used last; null: there is none.</summary>
    /// <param name="module">The module.</param>
    /// <param name="length">The length; 0: one with an instance.</param>
    public MemorySlot* Take(long module, nuint length)
    {
        lock (_lock)
        {
            for (var links = _ofModule.GetValueOrDefault(module).Newest; links != null; links = links->Older)
            {
                if (Fits(links->Slot, length))
                {
                    _instancesTaken += length == 0 ? 1 : 0;
                    return Remove(links->Slot);
                }
            }
        }

        return null;
    }

    /// <summary>Keeps a slot.</summary>
    public void Add(MemorySlot* slot)
    {
        lock (_lock)
        {
            _all.Add(slot, &slot->InAll);
            CollectionsMarshal.GetValueRefOrAddDefault(_ofModule, slot->Module, out _).Add(slot, &slot->InModule);
            _count++;
            _kept += Taken(slot);
        }
    }

    /// <summary>The one that has been idle for longest; null: there is none.</summary>
    public MemorySlot* TakeOldest()
    {
        lock (_lock)
        {
            return _all.Oldest == null ? null : Remove(_all.Oldest->Slot);
        }
    }

    /// <summary>Those of a module, of which none will come any more.</summary>
    public List<nint> TakeAll(long module)
    {
        var taken = new List<nint>();
        lock (_lock)
        {
            while (_ofModule.GetValueOrDefault(module).Newest is var links && links != null)
            {
                taken.Add((nint)Remove(links->Slot));
            }

            _ofModule.Remove(module);
        }

        return taken;
    }

    /// <summary>Those that have been idle since then.</summary>
    public List<nint> TakeOlder(long since)
    {
        var taken = new List<nint>();
        lock (_lock)
        {
            while (_all.Oldest != null && _all.Oldest->Slot->IdleSince < since)
            {
                taken.Add((nint)Remove(_all.Oldest->Slot));
            }
        }

        return taken;
    }

    private static bool Fits(MemorySlot* slot, nuint length) => length == 0 ? slot->Instance != 0 : slot->Instance == 0 && slot->Length == length;

    private static long Taken(MemorySlot* slot) => (long)slot->Kept + Unseen;

    private MemorySlot* Remove(MemorySlot* slot)
    {
        _all.Remove(&slot->InAll);
        CollectionsMarshal.GetValueRefOrNullRef(_ofModule, slot->Module).Remove(&slot->InModule);
        _count--;
        _kept -= Taken(slot);
        return slot;
    }
}
