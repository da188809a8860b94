using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Interop;

/// <summary>Where Wasmtime calls back for a component. As for <see cref="HostCalls"/>, no exception may leave these methods.</summary>
internal static unsafe class ComponentCalls
{
    /// <summary>A function of WASI preview 2; <paramref name="function"/> is the <see cref="Preview2Function"/> that it was defined with.</summary>
    [UnmanagedCallersOnly]
    public static nint Call(
        nint function, nint context, nint type, ComponentValue* arguments, nuint count, ComponentValue* results, nuint resultCount)
    {
        _ = type;
        var process = Process(context);
        try
        {
            Preview2Wasi.Call((Preview2Function)function, process, new ComponentCall(
                context, new ReadOnlySpan<ComponentValue>(arguments, (int)count), new Span<ComponentValue>(results, (int)resultCount)));
        }
        catch (GuestFaultException fault)
        {
            process.Stop(GuestOutcome.Trapped, fault.Message);
        }
#pragma warning disable CA1031 // Whatever it is, it must not cross into native code; the process hands it on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            process.Fail(exception);
        }

        return process.IsStopped ? StopError() : 0;
    }

    /// <summary>The guest has dropped a resource.</summary>
    [UnmanagedCallersOnly]
    public static nint Drop(nint resource, nint context, uint representation)
    {
        if ((Preview2Resource)resource == Preview2Resource.Pollable)
        {
            Process(context).Pollables.Remove(representation);
        }

        return 0;
    }

    private static GuestRun Process(nint context) =>
        Unsafe.As<GuestRun>(GCHandle.FromIntPtr(NativeMethods.wasmtime_context_get_data(context)).Target!);

    private static nint StopError()
    {
        fixed (byte* message = "stopped\0"u8)
        {
            return NativeMethods.wasmtime_error_new(message);
        }
    }
}
