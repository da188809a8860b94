namespace Wagi.Runtime.Memories;

/// <summary>Slots in the order in which they came: their links are in the slots themselves, so that nothing is allocated for them.</summary>
internal unsafe struct SlotChain
{
    /// <summary>The one that came first; null: there is none.</summary>
    public SlotLinks* Oldest;

    /// <summary>The one that came last; null: there is none.</summary>
    public SlotLinks* Newest;

    /// <summary>Adds a slot behind all others.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="links">Its links for this chain.</param>
    public void Add(MemorySlot* slot, SlotLinks* links)
    {
        *links = new SlotLinks { Slot = slot, Older = Newest };
        (Newest == null ? ref Oldest : ref Newest->Newer) = links;
        Newest = links;
    }

    /// <summary>Takes out a slot that is in it.</summary>
    public void Remove(SlotLinks* links)
    {
        (links->Older == null ? ref Oldest : ref links->Older->Newer) = links->Newer;
        (links->Newer == null ? ref Newest : ref links->Newer->Older) = links->Older;
    }
}

/// <summary>Where a slot is in a chain.</summary>
internal unsafe struct SlotLinks
{
    /// <summary>The slot that these are links of.</summary>
    public MemorySlot* Slot;

    /// <summary>The one before it; null: there is none.</summary>
    public SlotLinks* Older;

    /// <summary>The one behind it; null: there is none.</summary>
    public SlotLinks* Newer;
}
