namespace Wagi.Runtime.Memories;

/// <summary>Idle slots, those that were used last at the end. One for each processor, so that processors do not wait for each other.</summary>
/// <param name="keep">Bytes that they keep together.</param>
/// <param name="room">How many there are.</param>
internal sealed unsafe class IdleSlots(long keep, int room)
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _idle = [];
    private long _kept;
    private long _instancesTaken;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _idle.Count;
            }
        }
    }

    public long Kept => Volatile.Read(ref _kept);

    /// <summary>How many have been taken with an instance.</summary>
    public long InstancesTaken => Volatile.Read(ref _instancesTaken);

    /// <summary>A slot of that module and length; null: there is none.</summary>
    /// <param name="module">The module.</param>
    /// <param name="length">The length; 0: one with an instance.</param>
    public MemorySlot* Take(long module, nuint length)
    {
        lock (_lock)
        {
            for (var i = _idle.Count - 1; i >= 0; i--)
            {
                if (_idle[i].Module == module && Fits((MemorySlot*)_idle[i].Slot, length))
                {
                    _instancesTaken += length == 0 ? 1 : 0;
                    return Remove(i);
                }
            }
        }

        return null;
    }

    /// <summary>Keeps a slot.</summary>
    /// <returns>As <see cref="TakeSuperfluous"/>.</returns>
    public MemorySlot* Add(MemorySlot* slot)
    {
        lock (_lock)
        {
            _idle.Add(new Entry(slot->Module, (nint)slot));
            _kept += (long)slot->Kept;
            return TakeSuperfluous();
        }
    }

    /// <summary>One that is too many, or keeps too much together with the others: the one that has been idle for longest. Null: there is none.</summary>
    public MemorySlot* TakeSuperfluous()
    {
        lock (_lock)
        {
            return _idle.Count > room || _kept > keep ? Remove(0) : null;
        }
    }

    /// <summary>Those of a module, or all.</summary>
    public List<nint> TakeAll(long? module) => TakeWhere(entry => module is null || entry.Module == module);

    /// <summary>Those that have been idle since then.</summary>
    public List<nint> TakeOlder(long since) => TakeWhere(entry => ((MemorySlot*)entry.Slot)->IdleSince < since);

    private static bool Fits(MemorySlot* slot, nuint length) => length == 0 ? slot->Instance != 0 : slot->Instance == 0 && slot->Length == length;

    private List<nint> TakeWhere(Predicate<Entry> isTaken)
    {
        var taken = new List<nint>();
        lock (_lock)
        {
            for (var i = _idle.Count - 1; i >= 0; i--)
            {
                if (isTaken(_idle[i]))
                {
                    taken.Add((nint)Remove(i));
                }
            }
        }

        return taken;
    }

    private MemorySlot* Remove(int index)
    {
        var slot = (MemorySlot*)_idle[index].Slot;
        _idle.RemoveAt(index);
        _kept -= (long)slot->Kept;
        return slot;
    }

    private readonly record struct Entry(long Module, nint Slot);
}
