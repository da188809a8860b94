using System.Runtime.CompilerServices;

namespace Wagi.Runtime.Memories;

/// <summary>A memory, or room for one.</summary>
internal unsafe struct MemorySlot
{
    /// <summary>Where its address space begins.</summary>
    public byte* Start;

    /// <summary>Bytes of its address space, guard included.</summary>
    public nuint Length;

    /// <summary>Bytes that the memory can have.</summary>
    public nuint Capacity;

    /// <summary>Bytes that the guest's memory has.</summary>
    public nuint Size;

    /// <summary>Bytes that it began with.</summary>
    public nuint Minimum;

    /// <summary>
    /// Bytes, from the beginning, that can be read and written: <see cref="Size"/> in whole pages, or more where <see cref="ChecksBounds"/>.
    /// </summary>
    public nuint Open;

    /// <summary>Whether the guest's code compares each address with <see cref="Size"/>.</summary>
    public bool ChecksBounds;

    /// <summary>The <see cref="ModuleMemory.Id"/> of the module that it belongs to; 0: none.</summary>
    public long Module;

    /// <summary>What the memory begins with, besides zeros; null: nothing.</summary>
    public byte* Image;

    /// <summary>Address of it in this slot.</summary>
    public nuint ImageStart;

    /// <summary>Address behind it; both are 0 where there is none.</summary>
    public nuint ImageEnd;

    /// <summary>The pages that hold anything, as far as they are known.</summary>
    public KnownPages Known;

    /// <summary>The page faults of the guest's thread, at some time before the guest began.</summary>
    public FaultCount FaultsBefore;

    /// <summary>Bytes that may take memory while it is idle.</summary>
    public nuint Kept;

    /// <summary>Since when it is idle, by <see cref="Environment.TickCount64"/>.</summary>
    public long IdleSince;

    /// <summary>Where it is among all that are idle; meaningless while it is not.</summary>
    public SlotLinks InAll;

    /// <summary>Where it is among those of its module; meaningless while it is not idle.</summary>
    public SlotLinks InModule;

    /// <summary>The <see cref="LinearMemories"/>, a GCHandle.</summary>
    public nint Owner;

    /// <summary>The <see cref="ISlotInstance"/> that is kept with it, a GCHandle; 0: none.</summary>
    public nint Instance;

    /// <summary>Whether it is unmapped when its instance is gone.</summary>
    public bool IsDiscarded;
}

/// <summary>The pages of a slot that held anything when it was looked at last. Without a page fault since then, no others do.</summary>
internal struct KnownPages
{
    private const int MaxRanges = 8;

    /// <summary>How far that was, in bytes from the beginning; 0: they are not known.</summary>
    public nuint Open;

    /// <summary>How many ranges.</summary>
    public int Count;

    /// <summary>The first ones of these are used.</summary>
    public Ranges List;

    /// <summary>Adds the next range. One too many, and none is known.</summary>
    public void Add(PageRange range)
    {
        if (Count == MaxRanges)
        {
            Open = 0;
            return;
        }

        List[Count++] = range;
    }

    /// <summary>Room for as many as compiled languages need: a stack, data, and the beginning of a heap.</summary>
    [InlineArray(MaxRanges)]
    public struct Ranges
    {
        private PageRange _first;
    }
}
