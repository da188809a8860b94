using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Interop;

/// <summary>
/// Where Wasmtime calls back. No exception may leave these methods: it would end the process. They stop the guest by returning a
/// trap or an error, and the process object keeps the reason.
/// </summary>
internal static unsafe class HostCalls
{
    /// <summary>A WASI function; <paramref name="function"/> is the <see cref="WasiFunction"/> that it was defined with.</summary>
    [UnmanagedCallersOnly]
    public static nint Wasi(nint function, nint caller, RawValue* values, nuint count) =>
        CallWasi((WasiFunction)function, caller, values, count, withFiles: false);

    /// <summary>The same for a guest with volumes.</summary>
    [UnmanagedCallersOnly]
    public static nint FileWasi(nint function, nint caller, RawValue* values, nuint count) =>
        CallWasi((WasiFunction)function, caller, values, count, withFiles: true);

    private static nint CallWasi(WasiFunction function, nint caller, RawValue* values, nuint count, bool withFiles)
    {
        var context = NativeMethods.wasmtime_caller_context(caller);
        var process = Process(NativeMethods.wasmtime_context_get_data(context));
        try
        {
            if (!process.HasMemory && !FindMemory(process, caller))
            {
                process.Stop(GuestOutcome.Trapped, "the module does not export its memory as 'memory', which WASI needs");
                return StopTrap();
            }

            fixed (MemoryRef* reference = &process.Memory)
            {
                var memory = new GuestMemory(
                    NativeMethods.wasmtime_memory_data(context, reference),
                    NativeMethods.wasmtime_memory_data_size(context, reference));
                var arguments = new ReadOnlySpan<RawValue>(values, (int)count);
                var error = withFiles
                    ? Runtime.Wasi.FileWasi.Call(function, process, memory, arguments, new WasiBridge(process, context))
                    : StdioWasi.Call(function, process, memory, arguments);
                if (process.IsStopped)
                {
                    return StopTrap();
                }

                values[0].I64 = (int)error;
                return 0;
            }
        }
        catch (GuestFaultException fault)
        {
            process.Stop(GuestOutcome.Trapped, fault.Message);
            return StopTrap();
        }
#pragma warning disable CA1031 // Whatever it is, it must not cross into native code; the process hands it on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            process.Fail(exception);
            return StopTrap();
        }
    }

    /// <summary>A function of outbound HTTP; <paramref name="function"/> is the <see cref="HttpFunction"/> that it was defined with.</summary>
    [UnmanagedCallersOnly]
    public static nint Http(nint function, nint caller, RawValue* values, nuint count)
    {
        var context = NativeMethods.wasmtime_caller_context(caller);
        var process = Process(NativeMethods.wasmtime_context_get_data(context));
        try
        {
            HttpError error;
            if (!process.HasMemory && !FindMemory(process, caller))
            {
                error = HttpError.MemoryNotFound;
            }
            else
            {
                fixed (MemoryRef* reference = &process.Memory)
                {
                    var memory = new GuestMemory(
                        NativeMethods.wasmtime_memory_data(context, reference),
                        NativeMethods.wasmtime_memory_data_size(context, reference));
                    error = OutboundHttp.Call(
                        (HttpFunction)function, process, memory, new ReadOnlySpan<RawValue>(values, (int)count));
                }
            }

            if (process.IsStopped)
            {
                return StopTrap();
            }

            values[0].I64 = (long)error;
            return 0;
        }
        catch (GuestFaultException)
        {
            // Unlike WASI, this interface has a code for it.
            values[0].I64 = (long)HttpError.MemoryAccessError;
            return 0;
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            process.Fail(exception);
            return StopTrap();
        }
    }

    /// <summary>The epoch has moved on while the guest ran: look whether it may run for another tick.</summary>
    [UnmanagedCallersOnly]
    public static nint Tick(nint context, nint data, ulong* ticks, byte* kind)
    {
        var process = Process(data);
        try
        {
            if (process.Tick())
            {
                *ticks = 1;
                *kind = 0;
                return 0;
            }
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            process.Fail(exception);
        }

        fixed (byte* message = "stopped\0"u8)
        {
            return NativeMethods.wasmtime_error_new(message);
        }
    }

    private static GuestRun Process(nint data) => Unsafe.As<GuestRun>(GCHandle.FromIntPtr(data).Target!);

    private static bool FindMemory(GuestRun process, nint caller)
    {
        ExternItem item;
        fixed (byte* name = "memory"u8)
        {
            if (!NativeMethods.wasmtime_caller_export_get(caller, name, 6, &item) || item.Kind != ExternKind.Memory)
            {
                return false;
            }
        }

        process.SetMemory(item.Memory);
        return true;
    }

    private static nint StopTrap()
    {
        fixed (byte* message = "stopped"u8)
        {
            return NativeMethods.wasmtime_trap_new(message, 7);
        }
    }
}
