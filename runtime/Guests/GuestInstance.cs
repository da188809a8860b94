using Wagi.Runtime.Images;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Memories;

namespace Wagi.Runtime.Guests;

/// <summary>
/// An instance of a core module in a store of its own. Where all that can change in it is known (<see cref="RestorableModule"/>), it is restored
/// after a run to what it was when it was new, and kept for the next: to make a new one takes longer than many a handler runs.
/// </summary>
/// <remarks>Why nothing of one run is seen by another: <c>docs/decisions/0015-restored-instances.md</c>.</remarks>
internal sealed unsafe class GuestInstance : ISlotInstance
{
    /// <summary>Then a new one takes its place, whatever Wasmtime may have come to hold in its store.</summary>
    private const int MaxRuns = 10_000;

    private static readonly byte[] s_memoryName = "memory"u8.ToArray();

    private readonly ModuleMemory? _memory;
    private readonly MemorySlot* _slot;
    private readonly MemoryRef _restoredMemory;
    private readonly MemoryRef? _exportedMemory;
    private readonly FuncRef? _start;
    private readonly (GlobalRef Global, Value Value)[] _globals;
    private readonly long _memoryLimit;
    private readonly List<(byte[] Name, FuncRef Function)> _functions = new(2);
    private readonly WasmStore _store;
    private InstanceRef _instance;
    private int _runs;

    /// <summary>An instance for one run.</summary>
    /// <param name="store">Its store, owned from here on.</param>
    /// <param name="instance">The instance, which is new.</param>
    /// <param name="start">What <see cref="Start"/> calls; null: nothing.</param>
    public GuestInstance(WasmStore store, InstanceRef instance, FuncRef? start)
    {
        _store = store;
        _instance = instance;
        _start = start;
        _globals = [];
    }

    /// <summary>An instance that is kept.</summary>
    /// <param name="store">Its store, owned from here on.</param>
    /// <param name="instance">The instance, which is new.</param>
    /// <param name="start">What <see cref="Start"/> calls; null: nothing.</param>
    /// <param name="memory">Its module's.</param>
    /// <param name="slot">Its memory.</param>
    /// <param name="globals">The names of the globals that can change.</param>
    /// <param name="run">Its first run.</param>
    public GuestInstance(
        WasmStore store, InstanceRef instance, FuncRef? start, ModuleMemory memory, MemorySlot* slot, IReadOnlyList<byte[]> globals, GuestRun run)
        : this(store, instance, start)
    {
        _memory = memory;
        _slot = slot;
        _memoryLimit = run.MemoryLimit;
        _restoredMemory = _store.Export(ref _instance, RestorableModule.MemoryName).Memory;
        _exportedMemory = _store.TryExport(ref _instance, s_memoryName, out var item) && item.Kind == ExternKind.Memory ? item.Memory : null;
        _globals = new (GlobalRef, Value)[globals.Count];
        for (var i = 0; i < _globals.Length; i++)
        {
            var global = _store.Export(ref _instance, globals[i]).Global;
            _globals[i] = (global, _store.ReadGlobal(global));
        }

        FindMemory(run);
    }

    /// <summary>Is the next run's. False: it was made with other limits.</summary>
    public bool TryBegin(GuestRun run)
    {
        if (run.MemoryLimit != _memoryLimit)
        {
            return false;
        }

        _store.Begin(run.Handle);
        FindMemory(run);
        return true;
    }

    /// <summary>Calls what the module has to be called when its instance was made.</summary>
    public NativeError Start() => _start is { } start ? _store.Call(start, out _) : default;

    /// <summary>Calls an exported function without parameters.</summary>
    public NativeError Call(byte[] utf8Name) => Call(utf8Name, out _);

    /// <summary>Calls an exported function, as <see cref="WasmStore.Call(FuncRef, out RawValue, ReadOnlySpan{uint})"/>.</summary>
    public NativeError Call(byte[] utf8Name, out RawValue result, params ReadOnlySpan<uint> arguments) =>
        _store.Call(Find(utf8Name), out result, arguments);

    /// <summary>The run has ended: restores it and keeps it, or throws it away. Not used any more by the caller.</summary>
    public void End(in GuestResult result)
    {
        // A trap is thrown away as well: what it has left behind in Wasmtime is not known as well as what a guest leaves that ends itself.
        if (_memory is null || result.Outcome is not (GuestOutcome.Completed or GuestOutcome.Failed) || ++_runs >= MaxRuns || !TryRestore())
        {
            Dispose();
        }
    }

    /// <inheritdoc/>
    public bool TryShrink(nuint size) => _store.TryShrink(_restoredMemory, size);

    /// <inheritdoc/>
    public void Dispose() => _store.Dispose();

    private bool TryRestore()
    {
        foreach (ref readonly var item in _globals.AsSpan())
        {
            if (!_store.TryWriteGlobal(item.Global, item.Value))
            {
                return false;
            }
        }

        return _memory!.TryKeep(_slot, this);
    }

    /// <summary>Spares the first call to the host the search.</summary>
    private void FindMemory(GuestRun run)
    {
        if (_exportedMemory is { } memory)
        {
            run.SetMemory(memory);
        }
    }

    private FuncRef Find(byte[] utf8Name)
    {
        foreach (var (name, known) in _functions)
        {
            if (ReferenceEquals(name, utf8Name))
            {
                return known;
            }
        }

        var function = _store.Export(ref _instance, utf8Name).Func;
        _functions.Add((utf8Name, function));
        return function;
    }
}
