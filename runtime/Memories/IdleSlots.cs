namespace Wagi.Runtime.Memories;

/// <summary>Idle slots, those that were used last at the end. One for each processor, so that processors do not wait for each other.</summary>
/// <param name="keep">Bytes that they keep together.</param>
/// <param name="room">How many there are.</param>
internal sealed unsafe class IdleSlots(long keep, int room)
{
    private readonly Lock _lock = new();
    private readonly List<Entry> _idle = [];
    private long _kept;

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

    /// <summary>A slot of that module and length; null: there is none.</summary>
    public MemorySlot* Take(long module, nuint length)
    {
        lock (_lock)
        {
            for (var i = _idle.Count - 1; i >= 0; i--)
            {
                if (_idle[i].Module == module && ((MemorySlot*)_idle[i].Slot)->Length == length)
                {
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
