using System.Buffers.Binary;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// WASI preview 1 for a guest with volumes. Files, directories and what may be done with them are Wasmtime's. The rest is
/// <see cref="StdioWasi"/>, as for a guest without volumes: a deadline ends a sleep, and output is streamed, in the same way.
/// </summary>
/// <remarks>
/// Wasmtime's table of descriptors has its own entries for 0, 1 and 2, which lead nowhere: they reserve the numbers, and answer
/// the functions that only ask what kind of descriptor it is. The run knows which numbers they have.
/// </remarks>
internal static class FileWasi
{
    /// <summary>Whether the function is answered here; Wasmtime answers the others.</summary>
    public static bool Answers(WasiFunction function) => function is
        WasiFunction.ArgsGet or WasiFunction.ArgsSizesGet or WasiFunction.EnvironGet or WasiFunction.EnvironSizesGet
        or WasiFunction.ClockResGet or WasiFunction.ClockTimeGet or WasiFunction.RandomGet or WasiFunction.SchedYield
        or WasiFunction.ProcExit or WasiFunction.FdRead or WasiFunction.FdWrite or WasiFunction.FdClose or WasiFunction.FdRenumber
        or WasiFunction.PathOpen or WasiFunction.PollOneoff;

    /// <summary>Runs one function; as <see cref="StdioWasi.Call"/>.</summary>
    /// <exception cref="TrapException">A pointer is wrong: the guest traps.</exception>
    public static Errno Call(
        WasiFunction function, GuestRun run, GuestMemory memory, ReadOnlySpan<RawValue> a, FileBridge wasmtime) => function switch
        {
            WasiFunction.FdRead or WasiFunction.FdWrite when !IsStdio(run, a[0].U32) => wasmtime.Call(function, a),
            WasiFunction.PathOpen => PathOpen(run, memory, a, wasmtime),
            WasiFunction.FdClose => FdClose(run, a, wasmtime),
            WasiFunction.FdRenumber => FdRenumber(run, a, wasmtime),

            // A file is always ready: where one is asked for, Wasmtime answers at once, and no deadline can pass.
            WasiFunction.PollOneoff when !ConcernsStdioOnly(run, memory, a[0].U32, a[2].U32) => wasmtime.Call(function, a),
            _ => StdioWasi.Call(function, run, memory, a),
        };

    private static bool IsStdio(GuestRun run, uint fd) => run[fd] != StdioDescriptor.Closed;

    private static Errno PathOpen(GuestRun run, GuestMemory memory, ReadOnlySpan<RawValue> a, FileBridge wasmtime)
    {
        const int Opened = 8;
        if (OpenFiles.Refusal(run) is { } refusal)
        {
            return refusal;
        }

        var error = wasmtime.Call(WasiFunction.PathOpen, a);
        if (error == Errno.Success)
        {
            OpenFiles.Add(run, memory.ReadU32(a[Opened].U32));
        }

        return error;
    }

    private static Errno FdClose(GuestRun run, ReadOnlySpan<RawValue> a, FileBridge wasmtime)
    {
        var error = wasmtime.Call(WasiFunction.FdClose, a);
        if (error == Errno.Success)
        {
            run[a[0].U32] = StdioDescriptor.Closed;
            OpenFiles.Remove(run, a[0].U32);
        }

        return error;
    }

    private static Errno FdRenumber(GuestRun run, ReadOnlySpan<RawValue> a, FileBridge wasmtime)
    {
        var (from, to) = (a[0].U32, a[1].U32);
        var error = wasmtime.Call(WasiFunction.FdRenumber, a);
        if (error == Errno.Success && from != to)
        {
            run[to] = run[from];
            run[from] = StdioDescriptor.Closed;
            OpenFiles.Renumber(run, from, to);
        }

        return error;
    }

    private static bool ConcernsStdioOnly(GuestRun run, GuestMemory memory, uint subscriptions, uint count)
    {
        // An absurd count is refused by the function itself, before it reads anything.
        for (var i = 0u; i < count && count <= StdioPoll.MaxSubscriptions; i++)
        {
            var subscription = StdioPoll.Subscription.Preview1.Read(memory, subscriptions, i);
            var isClock = subscription[8] == StdioPoll.EventClock;
            if (!isClock && !IsStdio(run, BinaryPrimitives.ReadUInt32LittleEndian(subscription[16..])))
            {
                return false;
            }
        }

        return true;
    }
}
