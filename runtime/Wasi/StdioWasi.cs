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
    public const ulong MaxCopy = 128UL << 20;

    private const ulong RightFdRead = 1 << 1;
    private const ulong RightFdWrite = 1 << 6;

    /// <summary>Runs one function. Afterwards <see cref="GuestRun.IsStopped"/> tells whether the guest may go on. Parameters are in <paramref name="a"/>, as <see cref="WasiSignatures"/> describes them.</summary>
    /// <exception cref="TrapException">A pointer is wrong: the guest traps.</exception>
    public static Errno Call(WasiFunction function, GuestRun run, GuestMemory memory, ReadOnlySpan<RawValue> a) => function switch
    {
        WasiFunction.FdWrite => StdioStreams.Write(run, memory, a[0].U32, a[1].U32, a[2].U32, a[3].U32),
        WasiFunction.FdRead => StdioStreams.Read(run, memory, a[0].U32, a[1].U32, a[2].U32, a[3].U32),
        WasiFunction.ArgsGet => Get(run.Arguments, memory, a[0].U32, a[1].U32),
        WasiFunction.ArgsSizesGet => GetSizes(run.Arguments, memory, a[0].U32, a[1].U32),
        WasiFunction.EnvironGet => Get(run.Environment, memory, a[0].U32, a[1].U32),
        WasiFunction.EnvironSizesGet => GetSizes(run.Environment, memory, a[0].U32, a[1].U32),
        WasiFunction.ClockResGet => ClockResolution(memory, a[0].U32, a[1].U32),
        WasiFunction.ClockTimeGet => ClockTime(run, memory, a[0].U32, a[2].U32),
        WasiFunction.FdFdstatGet => FdFdstatGet(run, memory, a[0].U32, a[1].U32),
        WasiFunction.FdFilestatGet => FdFilestatGet(run, memory, a[0].U32, a[1].U32, size: 64),
        WasiFunction.UnstableFdFilestatGet => FdFilestatGet(run, memory, a[0].U32, a[1].U32, size: 56),
        WasiFunction.FdPread => StdioStreams.Pread(run, memory, a[0].U32, a[1].U32, a[2].U32),
        WasiFunction.FdPwrite => StdioStreams.Pwrite(run, memory, a[0].U32, a[1].U32, a[2].U32),
        WasiFunction.FdClose => FdClose(run, a[0].U32),
        WasiFunction.FdRenumber => FdRenumber(run, a[0].U32, a[1].U32),
        WasiFunction.FdSeek => Valid(a[2].U32 <= 2) && IsOpen(run, a[0].U32) ? Errno.Spipe : Errno.Badf,
        WasiFunction.FdTell => IsOpen(run, a[0].U32) ? Errno.Spipe : Errno.Badf,
        WasiFunction.FdPrestatDirName => IsOpen(run, a[0].U32) ? Errno.Notdir : Errno.Badf,
        WasiFunction.PollOneoff => StdioPoll.Call(run, memory, StdioPoll.Subscription.Preview1, a),
        WasiFunction.UnstablePollOneoff => StdioPoll.Call(run, memory, StdioPoll.Subscription.Unstable, a),
        WasiFunction.RandomGet => RandomGet(memory, a[0].U32, a[1].U32),
        WasiFunction.SchedYield => Errno.Success,
        WasiFunction.ProcExit => ProcExit(run, a[0].I32),
        WasiFunction.ProcRaise => Valid(a[0].U32 <= 30) ? Errno.Notsup : default,
        WasiFunction.SockAccept => HasOnly(a[1].U32, 0x1f) && IsOpen(run, a[0].U32) ? Errno.Notsock : Errno.Badf,
        WasiFunction.SockRecv => HasOnly(a[3].U32, 0x3) && IsOpen(run, a[0].U32) ? Errno.Notsock : Errno.Badf,
        WasiFunction.SockSend => HasOnly(a[3].U32, 0) && IsOpen(run, a[0].U32) ? Errno.Notsock : Errno.Badf,
        WasiFunction.SockShutdown => HasOnly(a[1].U32, 0x3) && IsOpen(run, a[0].U32) ? Errno.Notsock : Errno.Badf,

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

    private static bool IsOpen(GuestRun run, uint fd) => run[fd] != StdioDescriptor.Closed;

    /// <summary>There is no file and no directory to do this with; but the arguments must be right.</summary>
    private static Errno Without(bool valid) => Valid(valid) ? Errno.Badf : default;

    private static bool HasOnly(ulong flags, ulong known) => Valid((flags & ~known) == 0);

    /// <summary>An argument that is none of its type's values makes the guest trap, as it does with Wasmtime.</summary>
    /// <exception cref="TrapException">It is not valid.</exception>
    private static bool Valid(bool valid) =>
        valid ? true : throw new TrapException("an argument of a WASI function is none of the values that its type has");

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

    private static Errno ClockTime(GuestRun run, GuestMemory memory, uint clock, uint result)
    {
        switch (clock)
        {
            case 0:
                memory.WriteU64(result, Now());
                return Errno.Success;
            case 1:
                memory.WriteU64(result, run.Monotonic);
                return Errno.Success;
            default:
                return Without(clock <= 3);
        }
    }

    /// <summary>Nanoseconds since 1970-01-01.</summary>
    public static ulong Now() => (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    private static Errno FdFdstatGet(GuestRun run, GuestMemory memory, uint fd, uint result)
    {
        var descriptor = run[fd];
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

    private static Errno FdFilestatGet(GuestRun run, GuestMemory memory, uint fd, uint result, uint size)
    {
        if (!IsOpen(run, fd))
        {
            return Errno.Badf;
        }

        memory.Struct(result, size, 8).Clear();
        return Errno.Success;
    }

    private static Errno FdClose(GuestRun run, uint fd)
    {
        if (!IsOpen(run, fd))
        {
            return Errno.Badf;
        }

        run[fd] = StdioDescriptor.Closed;
        return Errno.Success;
    }

    private static Errno FdRenumber(GuestRun run, uint from, uint to)
    {
        if (!IsOpen(run, from) || !IsOpen(run, to))
        {
            return Errno.Badf;
        }

        if (from != to)
        {
            run[to] = run[from];
            run[from] = StdioDescriptor.Closed;
        }

        return Errno.Success;
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

    private static Errno ProcExit(GuestRun run, int code)
    {
        run.Exit(code);
        return Errno.Success;
    }

    private static Errno RandomGet(GuestMemory memory, uint buffer, uint length)
    {
        RandomNumberGenerator.Fill(memory.Slice(buffer, length));
        return Errno.Success;
    }
}
