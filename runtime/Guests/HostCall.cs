using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Guests;

/// <summary>
/// A call of a core module to the host, as Wasmtime's callback receives it. No exception may leave a callback, since it would end the
/// process: whatever is thrown goes to <see cref="Fail"/>, which stops the guest, and the run keeps the reason.
/// </summary>
internal readonly unsafe ref struct HostCall
{
    private readonly nint _caller;
    private readonly RawValue* _values;
    private readonly nuint _count;

    public HostCall(nint caller, RawValue* values, nuint count)
    {
        _caller = caller;
        _values = values;
        _count = count;
        Context = NativeMethods.wasmtime_caller_context(caller);
        Run = RunAt(NativeMethods.wasmtime_context_get_data(Context));
    }

    /// <summary>The run that the calling guest belongs to.</summary>
    public GuestRun Run { get; }

    /// <summary>The store that it runs in, a <c>wasmtime_context_t</c>.</summary>
    public nint Context { get; }

    /// <summary>The arguments, as the function was defined.</summary>
    public ReadOnlySpan<RawValue> Arguments => new(_values, (int)_count);

    /// <summary>The guest's memory; valid until the guest runs on. Only after <see cref="FindMemory"/>.</summary>
    public GuestMemory Memory
    {
        get
        {
            fixed (MemoryRef* reference = &Run.Memory)
            {
                var size = NativeMethods.wasmtime_memory_data_size(Context, reference);
                Run.MemoryBytes = (long)size;
                return new GuestMemory(NativeMethods.wasmtime_memory_data(Context, reference), size);
            }
        }
    }

    /// <summary>Finds the memory that pointers in the arguments lead to; false when the module does not export it as <c>memory</c>.</summary>
    public bool FindMemory()
    {
        if (Run.HasMemory)
        {
            return true;
        }

        ExternItem item;
        fixed (byte* name = "memory"u8)
        {
            if (!NativeMethods.wasmtime_caller_export_get(_caller, name, 6, &item) || item.Kind != ExternKind.Memory)
            {
                return false;
            }
        }

        Run.SetMemory(item.Memory);
        return true;
    }

    /// <summary>A function that the module exports; null: there is none of this name.</summary>
    public FuncRef? FindFunction(ReadOnlySpan<byte> utf8Name)
    {
        ExternItem item;
        fixed (byte* name = utf8Name)
        {
            return NativeMethods.wasmtime_caller_export_get(_caller, name, (nuint)utf8Name.Length, &item) && item.Kind == ExternKind.Func ? item.Func : null;
        }
    }

    /// <summary>Has a component give memory to the host: <c>realloc</c> of the canonical ABI, (0, 0, alignment, size) to an address.</summary>
    /// <exception cref="TrapException">It trapped, or was stopped.</exception>
    public uint Allocate(FuncRef realloc, uint size, uint alignment)
    {
        var values = stackalloc RawValue[4];
        values[0].U64 = 0;
        values[1].U64 = 0;
        values[2].U64 = alignment;
        values[3].U64 = size;
        nint trap = 0;
        var error = new NativeError(NativeMethods.wasmtime_func_call_unchecked(Context, &realloc, values, 4, &trap), trap);
        return error.IsFailure ? throw new TrapException(error.TakeMessage()) : values[0].U32;
    }

    /// <summary>What the callback returns when its function has no result, or has stopped the guest.</summary>
    public nint Return() => Run.IsStopped ? NativeError.NewTrap() : 0;

    /// <summary>What the callback returns when its function has this result, or has stopped the guest.</summary>
    public nint Return(long result)
    {
        if (Run.IsStopped)
        {
            return NativeError.NewTrap();
        }

        _values[0].I64 = result;
        return 0;
    }

    /// <summary>What the callback returns when its function has thrown.</summary>
    public nint Fail(Exception exception)
    {
        Run.Fail(exception);
        return NativeError.NewTrap();
    }

    /// <summary>The run that a store belongs to.</summary>
    /// <param name="context">A <c>wasmtime_context_t</c>.</param>
    public static GuestRun RunOf(nint context) => RunAt(NativeMethods.wasmtime_context_get_data(context));

    /// <summary>The epoch has moved on while the guest ran: look whether it may run for another tick.</summary>
    [UnmanagedCallersOnly]
    public static nint Tick(nint context, nint data, ulong* ticks, byte* kind)
    {
        var run = RunOf(context);
        try
        {
            if (run.Tick())
            {
                *ticks = 1;
                *kind = 0;
                return 0;
            }
        }
#pragma warning disable CA1031 // It must not cross into native code; the run hands it on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            run.Fail(exception);
        }

        return NativeError.NewError();
    }

    private static GuestRun RunAt(nint data) => Unsafe.As<GuestRun>(GCHandle.FromIntPtr(data).Target!);
}
