using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Unicode;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Sandbox.Wasi;

/// <summary>
/// WASI preview 1 for a guest whose only descriptors are 0, 1 and 2. Error codes, and the order in which arguments are looked at,
/// are those of Wasmtime's own implementation; a test compares the two. One freedom is taken: a read or write uses all buffers of
/// the list, where Wasmtime stops after the first that is not empty. Both are allowed, and this one saves calls.
/// </summary>
internal static class StdioWasi
{
    // What Wasmtime lets a guest make the host copy in one call.
    private const ulong MaxCopy = 128UL << 20;

    private const ulong RightFdRead = 1 << 1;
    private const ulong RightFdWrite = 1 << 6;

    private const byte EventClock = 0;
    private const byte EventFdRead = 1;
    private const byte EventFdWrite = 2;
    private const uint SubscriptionSize = 48;
    private const uint EventSize = 32;

    /// <summary>Runs one function. Afterwards <see cref="GuestProcess.IsStopped"/> tells whether the guest may go on. Parameters are in <paramref name="a"/>, as <see cref="WasiSignatures"/> describes them.</summary>
    /// <exception cref="GuestFaultException">A pointer is wrong: the guest traps.</exception>
    public static Errno Call(WasiFunction function, GuestProcess process, GuestMemory memory, ReadOnlySpan<RawValue> a) => function switch
    {
        WasiFunction.FdWrite => FdWrite(process, memory, a[0].U32, a[1].U32, a[2].U32, a[3].U32),
        WasiFunction.FdRead => FdRead(process, memory, a[0].U32, a[1].U32, a[2].U32, a[3].U32),
        WasiFunction.ArgsGet => Get(process.Arguments, memory, a[0].U32, a[1].U32),
        WasiFunction.ArgsSizesGet => GetSizes(process.Arguments, memory, a[0].U32, a[1].U32),
        WasiFunction.EnvironGet => Get(process.Environment, memory, a[0].U32, a[1].U32),
        WasiFunction.EnvironSizesGet => GetSizes(process.Environment, memory, a[0].U32, a[1].U32),
        WasiFunction.ClockResGet => ClockResolution(memory, a[0].U32, a[1].U32),
        WasiFunction.ClockTimeGet => ClockTime(process, memory, a[0].U32, a[2].U32),
        WasiFunction.FdFdstatGet => FdFdstatGet(process, memory, a[0].U32, a[1].U32),
        WasiFunction.FdFilestatGet => FdFilestatGet(process, memory, a[0].U32, a[1].U32),
        WasiFunction.FdPread => FdPread(process, memory, a[0].U32, a[1].U32, a[2].U32),
        WasiFunction.FdPwrite => FdPwrite(process, memory, a[0].U32, a[1].U32, a[2].U32),
        WasiFunction.FdClose => FdClose(process, a[0].U32),
        WasiFunction.FdRenumber => FdRenumber(process, a[0].U32, a[1].U32),
        WasiFunction.FdSeek => a[2].U32 > 2 ? Errno.Inval : IsOpen(process, a[0].U32) ? Errno.Spipe : Errno.Badf,
        WasiFunction.FdTell => IsOpen(process, a[0].U32) ? Errno.Spipe : Errno.Badf,
        WasiFunction.FdPrestatDirName => IsOpen(process, a[0].U32) ? Errno.Notdir : Errno.Badf,
        WasiFunction.PollOneoff => PollOneoff(process, memory, a[0].U32, a[1].U32, a[2].U32, a[3].U32),
        WasiFunction.RandomGet => RandomGet(memory, a[0].U32, a[1].U32),
        WasiFunction.SchedYield => Errno.Success,
        WasiFunction.ProcExit => ProcExit(process, a[0].I32),
        WasiFunction.ProcRaise => a[0].U32 > 30 ? Errno.Inval : Errno.Notsup,
        WasiFunction.SockAccept => HasOnly(a[1].U32, 0x1f) ? NotASocket(process, a[0].U32) : Errno.Inval,
        WasiFunction.SockRecv => HasOnly(a[3].U32, 0x3) ? NotASocket(process, a[0].U32) : Errno.Inval,
        WasiFunction.SockSend => HasOnly(a[3].U32, 0) ? NotASocket(process, a[0].U32) : Errno.Inval,
        WasiFunction.SockShutdown => HasOnly(a[1].U32, 0x3) ? NotASocket(process, a[0].U32) : Errno.Inval,

        // What follows wants a file or a directory, and there is none.
        WasiFunction.FdAdvise => a[3].U32 > 5 ? Errno.Inval : Errno.Badf,
        WasiFunction.FdFdstatSetFlags => HasOnly(a[1].U32, 0x1f) ? Errno.Badf : Errno.Inval,
        WasiFunction.FdFdstatSetRights => HasOnly(a[1].U64, AllRights) && HasOnly(a[2].U64, AllRights) ? Errno.Badf : Errno.Inval,
        WasiFunction.FdFilestatSetTimes => IsTimes(a[3].U32) ? Errno.Badf : Errno.Inval,
        WasiFunction.PathFilestatGet => HasOnly(a[1].U32, 1) ? Errno.Badf : Errno.Inval,
        WasiFunction.PathFilestatSetTimes => HasOnly(a[1].U32, 1) && IsTimes(a[6].U32) ? Errno.Badf : Errno.Inval,
        WasiFunction.PathLink => HasOnly(a[1].U32, 1) ? Errno.Badf : Errno.Inval,
        WasiFunction.PathOpen => PathOpen(memory, a),
        _ => Errno.Badf,
    };

    private const ulong AllRights = (1UL << 30) - 1;

    private static bool IsOpen(GuestProcess process, uint fd) => process[fd] != StdioDescriptor.Closed;

    private static Errno NotASocket(GuestProcess process, uint fd) => IsOpen(process, fd) ? Errno.Notsock : Errno.Badf;

    private static bool HasOnly(ulong flags, ulong known) => (flags & ~known) == 0;

    // fstflags: atim 1, atim_now 2, mtim 4, mtim_now 8; a time cannot be both given and now.
    private static bool IsTimes(uint flags) => HasOnly(flags, 0xf) && (flags & 3) != 3 && (flags & 12) != 12;

    private static Errno GetSizes(StringBlock strings, GuestMemory memory, uint count, uint size)
    {
        memory.WriteU32(count, (uint)strings.Count);
        memory.WriteU32(size, (uint)strings.Bytes.Length);
        return Errno.Success;
    }

    private static Errno Get(StringBlock strings, GuestMemory memory, uint pointers, uint buffer)
    {
        var bytes = strings.Bytes;
        if (bytes.IsEmpty)
        {
            return Errno.Success;
        }

        bytes.CopyTo(memory.Slice(buffer, (uint)bytes.Length));
        var table = memory.Struct(pointers, (uint)strings.Count * 4, 4);
        foreach (var offset in strings.Offsets)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(table, buffer + (uint)offset);
            table = table[4..];
        }

        return Errno.Success;
    }

    private static Errno ClockResolution(GuestMemory memory, uint clock, uint result)
    {
        switch (clock)
        {
            case 0: // realtime: DateTime counts in 100 ns
                memory.WriteU64(result, 100);
                return Errno.Success;
            case 1: // monotonic
                memory.WriteU64(result, (ulong)Math.Max(1, 1_000_000_000 / Stopwatch.Frequency));
                return Errno.Success;
            default: // the CPU clocks are not offered, as in Wasmtime
                return clock <= 3 ? Errno.Badf : Errno.Inval;
        }
    }

    private static Errno ClockTime(GuestProcess process, GuestMemory memory, uint clock, uint result)
    {
        switch (clock)
        {
            case 0:
                memory.WriteU64(result, Now());
                return Errno.Success;
            case 1:
                memory.WriteU64(result, process.Monotonic);
                return Errno.Success;
            default:
                return clock <= 3 ? Errno.Badf : Errno.Inval;
        }
    }

    /// <summary>Nanoseconds since 1970-01-01.</summary>
    private static ulong Now() => (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    private static Errno FdFdstatGet(GuestProcess process, GuestMemory memory, uint fd, uint result)
    {
        var descriptor = process[fd];
        if (descriptor == StdioDescriptor.Closed)
        {
            return Errno.Badf;
        }

        // fs_filetype stays 0, unknown: a character device would be taken for a terminal, and written to line by line.
        var rights = descriptor == StdioDescriptor.Stdin ? RightFdRead : RightFdWrite;
        var stat = memory.Struct(result, 24, 8);
        stat.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(stat[8..], rights);
        BinaryPrimitives.WriteUInt64LittleEndian(stat[16..], rights);
        return Errno.Success;
    }

    private static Errno FdFilestatGet(GuestProcess process, GuestMemory memory, uint fd, uint result)
    {
        if (!IsOpen(process, fd))
        {
            return Errno.Badf;
        }

        memory.Struct(result, 64, 8).Clear();
        return Errno.Success;
    }

    private static Errno FdClose(GuestProcess process, uint fd)
    {
        if (!IsOpen(process, fd))
        {
            return Errno.Badf;
        }

        process[fd] = StdioDescriptor.Closed;
        return Errno.Success;
    }

    private static Errno FdRenumber(GuestProcess process, uint from, uint to)
    {
        if (!IsOpen(process, from) || !IsOpen(process, to))
        {
            return Errno.Badf;
        }

        if (from != to)
        {
            process[to] = process[from];
            process[from] = StdioDescriptor.Closed;
        }

        return Errno.Success;
    }

    /// <summary>Looks at a list of buffers before anything is done with it.</summary>
    private static Errno CheckBuffers(GuestMemory memory, uint buffers, uint count, out ulong total)
    {
        total = 0;
        if (count * 8UL > MaxCopy)
        {
            return Errno.Nomem;
        }

        for (var i = 0u; i < count; i++)
        {
            total += memory.ReadU32(Element(buffers, i, 8) + 4);
            if (total > MaxCopy)
            {
                return Errno.Nomem;
            }
        }

        return Errno.Success;
    }

    /// <exception cref="GuestFaultException">The element lies beyond 4 GiB.</exception>
    private static uint Element(uint array, uint index, uint size)
    {
        var address = array + ((ulong)index * size);
        return address <= uint.MaxValue - size
            ? (uint)address
            : throw new GuestFaultException($"pointer out of bounds: element {index} of an array at 0x{array:x}");
    }

    private static Errno FdWrite(GuestProcess process, GuestMemory memory, uint fd, uint buffers, uint count, uint written)
    {
        if (CheckBuffers(memory, buffers, count, out var total) is not Errno.Success and var error)
        {
            return error;
        }

        var output = process[fd] switch
        {
            StdioDescriptor.Stdout => process.Stdout,
            StdioDescriptor.Stderr => process.Stderr,
            _ => null,
        };
        if (output is null)
        {
            return Errno.Badf;
        }

        for (var i = 0u; i < count; i++)
        {
            var buffer = Element(buffers, i, 8);
            var bytes = memory.Slice(memory.ReadU32(buffer), memory.ReadU32(buffer + 4));
            if (!bytes.IsEmpty && !output.Write(bytes))
            {
                process.Stop(GuestOutcome.OutputRefused);
                return Errno.Success;
            }
        }

        memory.WriteU32(written, (uint)total);
        return Errno.Success;
    }

    private static Errno FdPwrite(GuestProcess process, GuestMemory memory, uint fd, uint buffers, uint count)
    {
        if (CheckBuffers(memory, buffers, count, out _) is not Errno.Success and var error)
        {
            return error;
        }

        return process[fd] is StdioDescriptor.Stdout or StdioDescriptor.Stderr ? Errno.Spipe : Errno.Badf;
    }

    private static Errno FdRead(GuestProcess process, GuestMemory memory, uint fd, uint buffers, uint count, uint read)
    {
        if (CheckBuffers(memory, buffers, count, out _) is not Errno.Success and var error)
        {
            return error;
        }

        if (process[fd] != StdioDescriptor.Stdin)
        {
            return Errno.Badf;
        }

        var total = 0u;
        for (var i = 0u; i < count; i++)
        {
            var buffer = Element(buffers, i, 8);
            var target = memory.Slice(memory.ReadU32(buffer), memory.ReadU32(buffer + 4));
            var taken = process.ReadStdin(target);
            total += (uint)taken;
            if (taken < target.Length)
            {
                break;
            }
        }

        memory.WriteU32(read, total);
        return Errno.Success;
    }

    private static Errno FdPread(GuestProcess process, GuestMemory memory, uint fd, uint buffers, uint count)
    {
        if (CheckBuffers(memory, buffers, count, out _) is not Errno.Success and var error)
        {
            return error;
        }

        return process[fd] == StdioDescriptor.Stdin ? Errno.Spipe : Errno.Badf;
    }

    private static Errno PathOpen(GuestMemory memory, ReadOnlySpan<RawValue> a)
    {
        if (!HasOnly(a[1].U32, 1) || !HasOnly(a[4].U32, 0xf)
            || !HasOnly(a[5].U64, AllRights) || !HasOnly(a[6].U64, AllRights) || !HasOnly(a[7].U32, 0x1f))
        {
            return Errno.Inval;
        }

        if (a[3].U32 > MaxCopy)
        {
            return Errno.Nomem;
        }

        return Utf8.IsValid(memory.Slice(a[2].U32, a[3].U32)) ? Errno.Badf : Errno.Ilseq;
    }

    private static Errno ProcExit(GuestProcess process, int code)
    {
        process.Exit(code);
        return Errno.Success;
    }

    private static Errno RandomGet(GuestMemory memory, uint buffer, uint length)
    {
        RandomNumberGenerator.Fill(memory.Slice(buffer, length));
        return Errno.Success;
    }

    private static Errno PollOneoff(
        GuestProcess process, GuestMemory memory, uint subscriptions, uint events, uint count, uint ready)
    {
        if (count == 0)
        {
            return Errno.Inval;
        }

        if (count * (ulong)SubscriptionSize > MaxCopy)
        {
            return Errno.Nomem;
        }

        // First see what is subscribed to, then wait, then tell what came: the guest waits, so that its memory cannot change.
        var start = process.Monotonic;
        var realtime = Now();
        var wait = ulong.MaxValue;
        for (var i = 0u; i < count; i++)
        {
            if (ReadSubscription(process, memory, Element(subscriptions, i, SubscriptionSize), start, realtime, out var due)
                is not Errno.Success and var error)
            {
                return error;
            }

            wait = Math.Min(wait, due);
        }

        if (wait > 0 && !process.Sleep(wait))
        {
            return Errno.Success;
        }

        var passed = Math.Max(wait, process.Monotonic - start);
        var written = 0u;
        for (var i = 0u; i < count; i++)
        {
            var subscription = Element(subscriptions, i, SubscriptionSize);
            ReadSubscription(process, memory, subscription, start, realtime, out var due);
            if (due <= passed)
            {
                WriteEvent(memory, subscription, Element(events, written++, EventSize));
            }
        }

        memory.WriteU32(ready, written);
        return Errno.Success;
    }

    /// <param name="due">Nanoseconds from the start of the call until the event: 0 for a descriptor, which is always ready.</param>
    private static Errno ReadSubscription(
        GuestProcess process, GuestMemory memory, uint subscription, ulong monotonic, ulong realtime, out ulong due)
    {
        due = 0;
        var fields = memory.Struct(subscription, SubscriptionSize, 8);
        var fd = BinaryPrimitives.ReadUInt32LittleEndian(fields[16..]);
        switch (fields[8])
        {
            case EventClock:
                var timeout = BinaryPrimitives.ReadUInt64LittleEndian(fields[24..]);
                var flags = BinaryPrimitives.ReadUInt16LittleEndian(fields[40..]);
                if (fd > 1 || flags > 1)
                {
                    return Errno.Inval;
                }

                var now = fd == 0 ? realtime : monotonic;
                due = flags == 0 ? timeout : timeout > now ? timeout - now : 0;
                return Errno.Success;
            case EventFdRead:
                return process[fd] == StdioDescriptor.Stdin ? Errno.Success : Errno.Badf;
            case EventFdWrite:
                return process[fd] is StdioDescriptor.Stdout or StdioDescriptor.Stderr ? Errno.Success : Errno.Badf;
            default:
                return Errno.Inval;
        }
    }

    private static void WriteEvent(GuestMemory memory, uint subscription, uint result)
    {
        var userdata = memory.ReadU64(subscription);
        var type = memory.Slice(subscription + 8, 1)[0];
        var fields = memory.Struct(result, EventSize, 8);
        fields.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(fields, userdata);
        fields[10] = type;
        BinaryPrimitives.WriteUInt64LittleEndian(fields[16..], type == EventClock ? 0UL : 1UL);
    }
}
