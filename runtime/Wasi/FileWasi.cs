using System.Buffers.Binary;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// WASI preview 1 for a guest with volumes. Files, directories and what may be done with them are Wasmtime's. The rest is
/// <see cref="StdioWasi"/>, as for a guest without volumes: a deadline ends a sleep, and output is streamed, in the same way.
/// </summary>
/// <remarks>
/// Wasmtime's table of descriptors has entries of its own for 0, 1 and 2, which lead nowhere: they keep the numbers taken, and answer
/// the functions that only ask what kind of descriptor it is. The process knows which numbers they have.
/// </remarks>
internal static class FileWasi
{
    /// <summary>Whether the function is answered here; Wasmtime answers the others.</summary>
    public static bool Answers(WasiFunction function) => function is
        WasiFunction.ArgsGet or WasiFunction.ArgsSizesGet or WasiFunction.EnvironGet or WasiFunction.EnvironSizesGet
        or WasiFunction.ClockResGet or WasiFunction.ClockTimeGet or WasiFunction.RandomGet or WasiFunction.SchedYield
        or WasiFunction.ProcExit or WasiFunction.FdRead or WasiFunction.FdWrite or WasiFunction.FdClose or WasiFunction.FdRenumber
        or WasiFunction.PollOneoff;

    /// <summary>Runs one function; as <see cref="StdioWasi.Call"/>.</summary>
    /// <exception cref="GuestFaultException">A pointer is wrong: the guest traps.</exception>
    public static Errno Call(
        WasiFunction function, GuestRun process, GuestMemory memory, ReadOnlySpan<RawValue> a, WasiBridge wasmtime) => function switch
        {
            WasiFunction.FdRead or WasiFunction.FdWrite when !IsStdio(process, a[0].U32) => wasmtime.Call(function, a),
            WasiFunction.FdClose => FdClose(process, a, wasmtime),
            WasiFunction.FdRenumber => FdRenumber(process, a, wasmtime),

            // A file is always ready: where one is asked for, Wasmtime answers at once, and no deadline can pass.
            WasiFunction.PollOneoff when !ConcernsStdioOnly(process, memory, a[0].U32, a[2].U32) => wasmtime.Call(function, a),
            _ => StdioWasi.Call(function, process, memory, a),
        };

    private static bool IsStdio(GuestRun process, uint fd) => process[fd] != StdioDescriptor.Closed;

    private static Errno FdClose(GuestRun process, ReadOnlySpan<RawValue> a, WasiBridge wasmtime)
    {
        var error = wasmtime.Call(WasiFunction.FdClose, a);
        if (error == Errno.Success)
        {
            process[a[0].U32] = StdioDescriptor.Closed;
        }

        return error;
    }

    private static Errno FdRenumber(GuestRun process, ReadOnlySpan<RawValue> a, WasiBridge wasmtime)
    {
        var (from, to) = (a[0].U32, a[1].U32);
        var error = wasmtime.Call(WasiFunction.FdRenumber, a);
        if (error == Errno.Success && from != to)
        {
            process[to] = process[from];
            process[from] = StdioDescriptor.Closed;
        }

        return error;
    }

    private static bool ConcernsStdioOnly(GuestRun process, GuestMemory memory, uint subscriptions, uint count)
    {
        // An absurd count is refused by the function itself, before it reads anything.
        for (var i = 0u; i < count && count <= StdioWasi.MaxSubscriptions; i++)
        {
            var subscription = StdioWasi.Subscription.Preview1.Read(memory, subscriptions, i);
            var isClock = subscription[8] == StdioWasi.EventClock;
            if (!isClock && !IsStdio(process, BinaryPrimitives.ReadUInt32LittleEndian(subscription[16..])))
            {
                return false;
            }
        }

        return true;
    }
}
