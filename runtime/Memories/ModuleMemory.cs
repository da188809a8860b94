using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Memories;

/// <summary>
/// What the memories of a module's guests have in common: what they begin with, and slots that are this module's alone until they are unmapped.
/// Used by any number of threads; disposed when no guest of the module runs, or will.
/// </summary>
internal sealed unsafe class ModuleMemory : IDisposable
{
    private static long s_last;

    // The engine asks for a memory without saying for whom, on the thread that makes the instance.
    [ThreadStatic]
    private static ModuleMemory? t_wanted;

    [ThreadStatic]
    private static MemorySlot* t_made;

    private readonly LinearMemories _memories;

    /// <param name="memories">Where they come from.</param>
    /// <param name="image">What they begin with, owned from here on; null: zeros.</param>
    public ModuleMemory(LinearMemories memories, MappedImage? image)
    {
        _memories = memories;
        Image = image;
    }

    /// <summary>Tells modules apart, for as long as the process lives. Never 0.</summary>
    public long Id { get; } = Interlocked.Increment(ref s_last);

    /// <summary>What the memories begin with; null: zeros.</summary>
    public MappedImage? Image { get; }

    /// <summary>Makes an instance whose memory comes from here.</summary>
    /// <param name="store">Where it lives.</param>
    /// <param name="instancePre">Its module, with its imports.</param>
    /// <param name="memory">Where its memory comes from; null: from the pool.</param>
    /// <param name="instance">The instance, when there was no error.</param>
    /// <param name="slot">Its memory; null: it has none that comes from here.</param>
    public static NativeError Instantiate(in WasmStore store, InstancePreHandle instancePre, ModuleMemory? memory, out InstanceRef instance, out MemorySlot* slot)
    {
        t_wanted = memory;
        t_made = null;
        var error = store.Instantiate(instancePre, out instance);
        t_wanted = null;
        slot = t_made;
        return error;
    }

    /// <summary>For whom this thread makes a memory, once; null: for nobody's module.</summary>
    public static ModuleMemory? TakeWanted()
    {
        var wanted = t_wanted;
        t_wanted = null;
        return wanted;
    }

    /// <summary>A memory has been made, on the thread that makes its instance.</summary>
    public static void SetMade(MemorySlot* slot) => t_made = slot;

    /// <summary>As <see cref="LinearMemories.TakeInstance"/>.</summary>
    public ISlotInstance? TakeKept() => _memories.TakeInstance(this);

    /// <summary>As <see cref="LinearMemories.TryKeep"/>.</summary>
    public bool TryKeep(MemorySlot* slot, ISlotInstance instance) => _memories.TryKeep(slot, instance);

    public void Dispose()
    {
        _memories.Discard(this);
        Image?.Dispose();
    }
}
