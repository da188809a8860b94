using System.Runtime.InteropServices;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Memories;

/// <summary>
/// Makes the linear memories of guests, out of slots that are kept: address space of which a guest's memory is open, and all else closed. When a
/// guest has ended, the pages that it wrote to are found and made again what they were, and they stay where they are; so the next guest of the
/// module begins with what the module says, without a page fault and without a call to the kernel for memory.
/// </summary>
/// <remarks>
/// Why nothing of one guest is seen by another: <c>docs/decisions/0011-memories.md</c>. A slot about which anything is in doubt is unmapped.
/// </remarks>
internal sealed unsafe class LinearMemories : IDisposable
{
    /// <summary>How long a slot may be idle.</summary>
    private static readonly TimeSpan MaxIdle = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(2);

    private const int MaxRanges = 64;

    /// <summary>Bytes beyond a guest's memory that may be open when its code checks bounds.</summary>
    private const nuint MaxOpenBeyond = 1 << 20;

    private readonly TouchedPages _pages;
    private readonly bool _countsFaults;
    private readonly nuint _keep;
    private readonly long _keepInAll;
    private readonly int _maxIdle;
    private readonly IdleSlots[] _stripes;
    private readonly MemoryCreator* _creator;
    private readonly Timer _trimmer;
    private GCHandle _self;
    private long _looks;

    /// <param name="pages">Finds what a guest has written to; owned from here on.</param>
    /// <param name="countsFaults">Whether to look for pages only where there was a page fault.</param>
    /// <param name="keep">Bytes of a slot that stay in memory when its guest is gone, if it wrote to that many.</param>
    /// <param name="keepInAll">Bytes that all idle slots take together.</param>
    /// <param name="maxIdle">Slots that are kept, however little is in them.</param>
    public LinearMemories(TouchedPages pages, bool countsFaults, long keep, long keepInAll, int maxIdle)
    {
        _pages = pages;
        _countsFaults = countsFaults;
        _keep = (nuint)keep;
        _keepInAll = keepInAll;
        _maxIdle = maxIdle;
        _stripes = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new IdleSlots())];
        _self = GCHandle.Alloc(this);
        _creator = (MemoryCreator*)NativeMemory.AllocZeroed((nuint)sizeof(MemoryCreator));
        _creator->Environment = GCHandle.ToIntPtr(_self);
        _creator->New = &New;
        _trimmer = new Timer(static memories => ((LinearMemories)memories!).Trim(MaxIdle), this, TrimInterval, TrimInterval);
    }

    /// <summary>How pages that were written to are found.</summary>
    public string Method => _countsFaults ? $"{_pages.Method} after page faults" : _pages.Method;

    /// <summary>For the configuration of an engine; valid until this is disposed, which the engine must not outlive.</summary>
    public MemoryCreator* Creator => _creator;

    /// <summary>How often they have been looked for.</summary>
    public long Looks => Volatile.Read(ref _looks);

    /// <summary>Slots without a guest.</summary>
    public int Idle => _stripes.Sum(stripe => stripe.Count);

    /// <summary>How often an instance that was kept has begun another run.</summary>
    public long InstancesTaken => _stripes.Sum(stripe => stripe.InstancesTaken);

    /// <summary>Bytes of memory that they take.</summary>
    public long Kept => _stripes.Sum(stripe => stripe.Kept);

    /// <summary>Unmaps slots that have been idle for long, or are too many.</summary>
    /// <param name="maxIdle">How long they may be idle.</param>
    public void Trim(TimeSpan maxIdle)
    {
        var since = Environment.TickCount64 - (long)maxIdle.TotalMilliseconds;
        foreach (var stripe in _stripes)
        {
            Discard(stripe.TakeOlder(since));
            DiscardTooMany(stripe);
        }
    }

    /// <summary>Unmaps a module's slots. None of its guests runs, or will.</summary>
    public void Discard(ModuleMemory module)
    {
        foreach (var stripe in _stripes)
        {
            Discard(stripe.TakeAll(module.Id));
        }
    }

    /// <summary>Unmaps all slots. No engine uses them any more.</summary>
    public void Dispose()
    {
        _trimmer.Dispose();
        Trim(TimeSpan.FromMilliseconds(-1));

        NativeMemory.Free(_creator);
        _self.Free();
        _pages.Dispose();
    }

    /// <summary>Takes an instance of a module that is kept, as it was when it was new. Null: none is idle.</summary>
    public ISlotInstance? TakeInstance(ModuleMemory module)
    {
        var slot = TakeIdle(module.Id, length: 0);
        if (slot == null)
        {
            return null;
        }

        slot->FaultsBefore = PageFaults.Last;
        return InstanceOf(slot);
    }

    /// <summary>Makes a memory again what it was when its instance was new, and keeps both.</summary>
    /// <param name="slot">The memory.</param>
    /// <param name="instance">The instance, in which everything else is what it was.</param>
    /// <returns>False: that cannot be done, and the instance has to be disposed.</returns>
    public bool TryKeep(MemorySlot* slot, ISlotInstance instance)
    {
        if (!TryReset(slot))
        {
            return false;
        }

        if (slot->Size != slot->Minimum)
        {
            slot->Size = slot->Minimum;
            if (!TryResize(slot, slot->Minimum) || !instance.TryShrink(slot->Minimum))
            {
                return false;
            }
        }

        if (slot->Instance == 0)
        {
            slot->Instance = GCHandle.ToIntPtr(GCHandle.Alloc(instance));
        }

        AddIdle(slot);
        return true;
    }

    private MemorySlot* Take(ModuleMemory? module, nuint length)
    {
        var slot = TakeIdle(module?.Id ?? 0, length);
        return slot != null ? slot : Create(module, length);
    }

    private MemorySlot* TakeIdle(long module, nuint length)
    {
        var own = Thread.GetCurrentProcessorId() % _stripes.Length;
        for (var i = 0; i < _stripes.Length; i++)
        {
            if (_stripes[(own + i) % _stripes.Length].Take(module, length) is var slot && slot != null)
            {
                return slot;
            }
        }

        return null;
    }

    private MemorySlot* Create(ModuleMemory? module, nuint length)
    {
        var start = PageMemory.Reserve(length);
        if (start == null)
        {
            return null;
        }

        var slot = (MemorySlot*)NativeMemory.AllocZeroed((nuint)sizeof(MemorySlot));
        slot->Start = start;
        slot->Length = length;
        slot->Owner = GCHandle.ToIntPtr(_self);
        if (module is not null)
        {
            slot->Module = module.Id;
            if (module.Image is { } image)
            {
                slot->Image = image.Content;
                slot->ImageStart = (nuint)start + image.Start;
                slot->ImageEnd = slot->ImageStart + image.Length;
                if (image.Start + image.Length > length || !image.TryPlace(start))
                {
                    Release(slot);
                    return null;
                }
            }
        }

        return slot;
    }

    private static bool TryResize(MemorySlot* slot, nuint size)
    {
        var open = Pages(size);
        if (open > slot->Open)
        {
            if (!PageMemory.TryOpen(slot->Start + slot->Open, open - slot->Open))
            {
                return false;
            }
        }
        else if (slot->ChecksBounds && slot->Open - open <= MaxOpenBeyond)
        {
            // What the guest before has grown is cleared, and this one's code does not reach it.
            return true;
        }
        else if (open < slot->Open && !PageMemory.TryClose(slot->Start + open, slot->Open - open))
        {
            return false;
        }

        slot->Open = open;
        return true;
    }

    private void GiveBack(MemorySlot* slot)
    {
        if (!TryReset(slot))
        {
            Release(slot);
            return;
        }

        AddIdle(slot);
    }

    private void AddIdle(MemorySlot* slot)
    {
        slot->IdleSince = Environment.TickCount64;
        var stripe = _stripes[Thread.GetCurrentProcessorId() % _stripes.Length];
        stripe.Add(slot);
        DiscardTooMany(stripe);
    }

    /// <summary>
    /// Unmaps those that have been idle for longest, while a processor has more than its share and all together more than there may be. The other
    /// processors are looked at only in the first case, because what they write to is not to move from one to the other in each request: so there may be
    /// too many until the next <see cref="Trim"/>, twice as many at most.
    /// </summary>
    private void DiscardTooMany(IdleSlots stripe)
    {
        while ((stripe.Kept > _keepInAll / _stripes.Length && Kept > _keepInAll) || (stripe.Count > _maxIdle / _stripes.Length && Idle > _maxIdle))
        {
            var oldest = stripe.TakeOldest();
            if (oldest == null)
            {
                return;
            }

            Discard(oldest);
        }
    }

    /// <summary>
    /// Makes again what it was of all that the guest could write to. What is beyond has been closed since it was last made so.
    /// </summary>
    private bool TryReset(MemorySlot* slot)
    {
        if (_countsFaults && PageFaults.Now().IsStill(slot->FaultsBefore) && slot->Open <= slot->Known.Open)
        {
            ResetKnown(slot);
            return true;
        }

        return TryFindAndReset(slot);
    }

    private static void ResetKnown(MemorySlot* slot)
    {
        var end = (nuint)slot->Start + slot->Open;
        foreach (var range in ((ReadOnlySpan<PageRange>)slot->Known.List)[..slot->Known.Count])
        {
            // What is closed was made what it was before it was closed.
            if (range.Start < end)
            {
                Reset(slot, new PageRange(range.Start, Math.Min(range.End, end)));
            }
        }
    }

    private bool TryFindAndReset(MemorySlot* slot)
    {
        Interlocked.Increment(ref _looks);
        Span<PageRange> ranges = stackalloc PageRange[MaxRanges];
        var known = new KnownPages { Open = slot->Open };
        nuint kept = 0;
        var end = (nuint)slot->Start + slot->Open;
        for (var start = (nuint)slot->Start; start < end;)
        {
            var count = _pages.Next(ref start, end, ranges);
            if (count < 0)
            {
                return false;
            }

            foreach (var range in ranges[..count])
            {
                if (kept + range.Length > _keep)
                {
                    // The rest costs less when the kernel does it, whatever it is.
                    if (!PageMemory.TryForget((byte*)range.Start, end - range.Start))
                    {
                        return false;
                    }

                    start = end;
                    break;
                }

                Reset(slot, range);
                kept += range.Length;
                known.Add(range);
            }
        }

        slot->Known = known;

        // Beyond what is open there may be pages of earlier guests that grew more.
        slot->Kept = Math.Max(slot->Kept, kept);
        return true;
    }

    private static void Reset(MemorySlot* slot, PageRange range)
    {
        var from = Math.Clamp(slot->ImageStart, range.Start, range.End);
        var to = Math.Clamp(slot->ImageEnd, from, range.End);
        NativeMemory.Clear((void*)range.Start, from - range.Start);
        NativeMemory.Copy(slot->Image + (from - slot->ImageStart), (void*)from, to - from);
        NativeMemory.Clear((void*)to, range.End - to);
    }

    private static void Discard(List<nint> slots)
    {
        foreach (var slot in slots)
        {
            Discard((MemorySlot*)slot);
        }
    }

    /// <summary>Unmaps a slot without a guest.</summary>
    private static void Discard(MemorySlot* slot)
    {
        if (slot->Instance == 0)
        {
            Release(slot);
            return;
        }

        // Comes back to Release when the instance has ended.
        slot->IsDiscarded = true;
        InstanceOf(slot).Dispose();
    }

    private static void Release(MemorySlot* slot)
    {
        PageMemory.Release(slot->Start, slot->Length);
        NativeMemory.Free(slot);
    }

    private static ISlotInstance InstanceOf(MemorySlot* slot) => (ISlotInstance)GCHandle.FromIntPtr(slot->Instance).Target!;

    private static nuint Pages(nuint bytes) => (bytes + PageMemory.PageSize - 1) & ~(PageMemory.PageSize - 1);

    [UnmanagedCallersOnly]
    private static nint New(nint environment, nint type, nuint minimum, nuint maximum, nuint reserved, nuint guard, LinearMemoryFunctions* memory)
    {
        var memories = (LinearMemories)GCHandle.FromIntPtr(environment).Target!;
        var checksBounds = reserved == 0;
        if (checksBounds)
        {
            reserved = WasmEngine.MaxMemorySize;
        }

        if (Pages(minimum) > reserved)
        {
            return NativeError.NewError();
        }

        var slot = memories.Take(ModuleMemory.TakeWanted(), reserved + guard);
        if (slot == null)
        {
            return NativeError.NewError();
        }

        // What the guest before has grown is closed here.
        slot->ChecksBounds = checksBounds;
        slot->Capacity = reserved;
        slot->Size = minimum;
        slot->Minimum = minimum;
        slot->FaultsBefore = PageFaults.Last;
        if (!TryResize(slot, minimum))
        {
            Release(slot);
            return NativeError.NewError();
        }

        ModuleMemory.SetMade(slot);
        memory->Environment = (nint)slot;
        memory->Get = &Get;
        memory->Grow = &Grow;
        memory->Finalizer = &End;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static byte* Get(nint environment, nuint* size, nuint* capacity)
    {
        var slot = (MemorySlot*)environment;
        *size = slot->Size;
        *capacity = slot->Capacity;
        return slot->Start;
    }

    [UnmanagedCallersOnly]
    private static nint Grow(nint environment, nuint size)
    {
        var slot = (MemorySlot*)environment;
        if (size < slot->Size || size > slot->Capacity || !TryResize(slot, size))
        {
            return NativeError.NewError();
        }

        slot->Size = size;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static void End(nint environment)
    {
        var slot = (MemorySlot*)environment;
        if (slot->Instance != 0)
        {
            GCHandle.FromIntPtr(slot->Instance).Free();
            slot->Instance = 0;
        }

        if (slot->IsDiscarded)
        {
            Release(slot);
        }
        else
        {
            ((LinearMemories)GCHandle.FromIntPtr(slot->Owner).Target!).GiveBack(slot);
        }
    }
}
