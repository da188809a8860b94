using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Unicode;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

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

    /// <summary>The tag of a subscription to a clock.</summary>
    public const byte EventClock = 0;

    /// <summary>How many subscriptions of preview 1 <c>poll_oneoff</c> accepts.</summary>
    public const uint MaxSubscriptions = (uint)(MaxCopy / 48);

    private const byte EventFdRead = 1;
    private const byte EventFdWrite = 2;
    private const uint EventSize = 32;

    /// <summary>Runs one function. Afterwards <see cref="GuestRun.IsStopped"/> tells whether the guest may go on. Parameters are in <paramref name="a"/>, as <see cref="WasiSignatures"/> describes them.</summary>
    /// <exception cref="GuestFaultException">A pointer is wrong: the guest traps.</exception>
    public static Errno Call(WasiFunction function, GuestRun process, GuestMemory memory, ReadOnlySpan<RawValue> a) => function switch
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
        WasiFunction.FdFilestatGet => FdFilestatGet(process, memory, a[0].U32, a[1].U32, size: 64),
        WasiFunction.UnstableFdFilestatGet => FdFilestatGet(process, memory, a[0].U32, a[1].U32, size: 56),
        WasiFunction.FdPread => FdPread(process, memory, a[0].U32, a[1].U32, a[2].U32),
        WasiFunction.FdPwrite => FdPwrite(process, memory, a[0].U32, a[1].U32, a[2].U32),
        WasiFunction.FdClose => FdClose(process, a[0].U32),
        WasiFunction.FdRenumber => FdRenumber(process, a[0].U32, a[1].U32),
        WasiFunction.FdSeek => Valid(a[2].U32 <= 2) && IsOpen(process, a[0].U32) ? Errno.Spipe : Errno.Badf,
        WasiFunction.FdTell => IsOpen(process, a[0].U32) ? Errno.Spipe : Errno.Badf,
        WasiFunction.FdPrestatDirName => IsOpen(process, a[0].U32) ? Errno.Notdir : Errno.Badf,
        WasiFunction.PollOneoff => PollOneoff(process, memory, Subscription.Preview1, a),
        WasiFunction.UnstablePollOneoff => PollOneoff(process, memory, Subscription.Unstable, a),
        WasiFunction.RandomGet => RandomGet(memory, a[0].U32, a[1].U32),
        WasiFunction.SchedYield => Errno.Success,
        WasiFunction.ProcExit => ProcExit(process, a[0].I32),
        WasiFunction.ProcRaise => Valid(a[0].U32 <= 30) ? Errno.Notsup : default,
        WasiFunction.SockAccept => HasOnly(a[1].U32, 0x1f) && IsOpen(process, a[0].U32) ? Errno.Notsock : Errno.Badf,
        WasiFunction.SockRecv => HasOnly(a[3].U32, 0x3) && IsOpen(process, a[0].U32) ? Errno.Notsock : Errno.Badf,
        WasiFunction.SockSend => HasOnly(a[3].U32, 0) && IsOpen(process, a[0].U32) ? Errno.Notsock : Errno.Badf,
        WasiFunction.SockShutdown => HasOnly(a[1].U32, 0x3) && IsOpen(process, a[0].U32) ? Errno.Notsock : Errno.Badf,

        // What follows wants a file or a directory, and there is none.
        WasiFunction.FdAdvise => Without(a[3].U32 <= 5),
        WasiFunction.FdFdstatSetFlags => Without(HasOnly(a[1].U32, 0x1f)),
        WasiFunction.FdFdstatSetRights => Without(HasOnly(a[1].U64, AllRights) && HasOnly(a[2].U64, AllRights)),
        WasiFunction.FdFilestatSetTimes => HasOnly(a[3].U32, 0xf) && AreTimes(a[3].U32) ? Errno.Badf : Errno.Inval,
        WasiFunction.PathFilestatGet => Without(HasOnly(a[1].U32, 1)),
        WasiFunction.PathFilestatSetTimes =>
            HasOnly(a[1].U32, 1) && HasOnly(a[6].U32, 0xf) && AreTimes(a[6].U32) ? Errno.Badf : Errno.Inval,
        WasiFunction.PathLink => Without(HasOnly(a[1].U32, 1)),
        WasiFunction.PathOpen => PathOpen(memory, a),
        _ => Errno.Badf,
    };

    private const ulong AllRights = (1UL << 30) - 1;

    private static bool IsOpen(GuestRun process, uint fd) => process[fd] != StdioDescriptor.Closed;

    /// <summary>There is no file and no directory to do this with; but the arguments must be right.</summary>
    private static Errno Without(bool valid) => Valid(valid) ? Errno.Badf : default;

    private static bool HasOnly(ulong flags, ulong known) => Valid((flags & ~known) == 0);

    /// <summary>An argument that is none of its type's values makes the guest trap, as it does with Wasmtime.</summary>
    /// <exception cref="GuestFaultException">It is not valid.</exception>
    private static bool Valid(bool valid) =>
        valid ? true : throw new GuestFaultException("an argument of a WASI function is none of the values that its type has");

    // fstflags: atim 1, atim_now 2, mtim 4, mtim_now 8; a time cannot be both given and now.
    private static bool AreTimes(uint flags) => (flags & 3) != 3 && (flags & 12) != 12;

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
                return Without(clock <= 3);
        }
    }

    private static Errno ClockTime(GuestRun process, GuestMemory memory, uint clock, uint result)
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
                return Without(clock <= 3);
        }
    }

    /// <summary>Nanoseconds since 1970-01-01.</summary>
    private static ulong Now() => (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    private static Errno FdFdstatGet(GuestRun process, GuestMemory memory, uint fd, uint result)
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

    private static Errno FdFilestatGet(GuestRun process, GuestMemory memory, uint fd, uint result, uint size)
    {
        if (!IsOpen(process, fd))
        {
            return Errno.Badf;
        }

        memory.Struct(result, size, 8).Clear();
        return Errno.Success;
    }

    private static Errno FdClose(GuestRun process, uint fd)
    {
        if (!IsOpen(process, fd))
        {
            return Errno.Badf;
        }

        process[fd] = StdioDescriptor.Closed;
        return Errno.Success;
    }

    private static Errno FdRenumber(GuestRun process, uint from, uint to)
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

    private static Errno FdWrite(GuestRun process, GuestMemory memory, uint fd, uint buffers, uint count, uint written)
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
            var length = memory.ReadU32(buffer + 4);
            if (length > 0 && !output.Write(memory.Slice(memory.ReadU32(buffer), length)))
            {
                process.Stop(GuestOutcome.OutputRefused);
                return Errno.Success;
            }
        }

        memory.WriteU32(written, (uint)total);
        return Errno.Success;
    }

    private static Errno FdPwrite(GuestRun process, GuestMemory memory, uint fd, uint buffers, uint count)
    {
        if (CheckBuffers(memory, buffers, count, out _) is not Errno.Success and var error)
        {
            return error;
        }

        return process[fd] is StdioDescriptor.Stdout or StdioDescriptor.Stderr ? Errno.Spipe : Errno.Badf;
    }

    private static Errno FdRead(GuestRun process, GuestMemory memory, uint fd, uint buffers, uint count, uint read)
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
            var length = memory.ReadU32(buffer + 4);
            var target = length == 0 ? default : memory.Slice(memory.ReadU32(buffer), length);
            var taken = process.ReadStdin(target, mayWait: total == 0);
            total += (uint)taken;
            if (taken < target.Length)
            {
                break;
            }
        }

        memory.WriteU32(read, total);
        return Errno.Success;
    }

    private static Errno FdPread(GuestRun process, GuestMemory memory, uint fd, uint buffers, uint count)
    {
        if (CheckBuffers(memory, buffers, count, out _) is not Errno.Success and var error)
        {
            return error;
        }

        return process[fd] == StdioDescriptor.Stdin ? Errno.Spipe : Errno.Badf;
    }

    private static Errno PathOpen(GuestMemory memory, ReadOnlySpan<RawValue> a)
    {
        _ = HasOnly(a[1].U32, 1) && HasOnly(a[4].U32, 0xf)
            && HasOnly(a[5].U64, AllRights) && HasOnly(a[6].U64, AllRights) && HasOnly(a[7].U32, 0x1f);
        if (a[3].U32 > MaxCopy)
        {
            return Errno.Nomem;
        }

        return Utf8.IsValid(memory.Slice(a[2].U32, a[3].U32)) ? Errno.Badf : Errno.Ilseq;
    }

    private static Errno ProcExit(GuestRun process, int code)
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
        GuestRun process, GuestMemory memory, Subscription layout, ReadOnlySpan<RawValue> a)
    {
        var (subscriptions, events, count) = (a[0].U32, a[1].U32, a[2].U32);
        if (count == 0)
        {
            return Errno.Inval;
        }

        if (count * (ulong)layout.Size > MaxCopy)
        {
            return Errno.Nomem;
        }

        // First see what is subscribed to, then wait, then tell what came: the guest waits, so that its memory cannot change.
        var start = process.Monotonic;
        var realtime = Now();
        var wait = ulong.MaxValue;
        for (var i = 0u; i < count; i++)
        {
            var subscription = layout.Read(memory, subscriptions, i);
            if (ReadSubscription(process, subscription, layout, start, realtime, out var due) is not Errno.Success and var error)
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
            var subscription = layout.Read(memory, subscriptions, i);
            ReadSubscription(process, subscription, layout, start, realtime, out var due);
            if (due <= passed)
            {
                WriteEvent(subscription, memory.Struct(Element(events, written++, EventSize), EventSize, 8));
            }
        }

        memory.WriteU32(a[3].U32, written);
        return Errno.Success;
    }

    /// <param name="due">Nanoseconds from the start of the call until the event: 0 for a descriptor, which is always ready.</param>
    private static Errno ReadSubscription(
        GuestRun process, ReadOnlySpan<byte> fields, Subscription layout, ulong monotonic, ulong realtime, out ulong due)
    {
        due = 0;
        var fd = BinaryPrimitives.ReadUInt32LittleEndian(fields[16..]);
        switch (fields[8])
        {
            case EventClock:
                var clock = BinaryPrimitives.ReadUInt32LittleEndian(fields[layout.Clock..]);
                var timeout = BinaryPrimitives.ReadUInt64LittleEndian(fields[(layout.Clock + 8)..]);
                var flags = BinaryPrimitives.ReadUInt16LittleEndian(fields[(layout.Clock + 24)..]);
                if (clock > 1 || flags > 1)
                {
                    return Errno.Inval;
                }

                var now = clock == 0 ? realtime : monotonic;
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

    private static void WriteEvent(ReadOnlySpan<byte> subscription, Span<byte> fields)
    {
        // Read before anything is written: the guest may have put the events where the subscriptions are.
        var userdata = BinaryPrimitives.ReadUInt64LittleEndian(subscription);
        var type = subscription[8];
        fields.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(fields, userdata);
        fields[10] = type;
        BinaryPrimitives.WriteUInt64LittleEndian(fields[16..], type == EventClock ? 0UL : 1UL);
    }

    /// <summary>How a subscription is laid out: its size, and where the clock's id is, with timeout and flags behind it.</summary>
    public readonly record struct Subscription(uint Size, int Clock)
    {
        public static readonly Subscription Preview1 = new(48, 16);
        public static readonly Subscription Unstable = new(56, 24);

        /// <exception cref="GuestFaultException">It is not inside the memory, or not aligned.</exception>
        public ReadOnlySpan<byte> Read(GuestMemory memory, uint subscriptions, uint index) =>
            memory.Struct(Element(subscriptions, index, Size), Size, 8);
    }
}
