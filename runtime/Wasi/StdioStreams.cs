using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>Reading and writing the standard streams through the lists of buffers of preview 1.</summary>
internal static class StdioStreams
{
    /// <summary>Looks at a list of buffers before anything is done with it.</summary>
    private static Errno CheckBuffers(GuestMemory memory, uint buffers, uint count, out ulong total)
    {
        total = 0;
        if (count * 8UL > StdioWasi.MaxCopy)
        {
            return Errno.Nomem;
        }

        for (var i = 0u; i < count; i++)
        {
            total += memory.ReadU32(Element(buffers, i, 8) + 4);
            if (total > StdioWasi.MaxCopy)
            {
                return Errno.Nomem;
            }
        }

        return Errno.Success;
    }

    /// <summary>The address of an element of an array.</summary>
    /// <exception cref="TrapException">The element lies beyond 4 GiB.</exception>
    public static uint Element(uint array, uint index, uint size)
    {
        var address = array + ((ulong)index * size);
        return address <= uint.MaxValue - size
            ? (uint)address
            : throw new TrapException($"pointer out of bounds: element {index} of an array at 0x{array:x}");
    }

    public static Errno Write(GuestRun run, GuestMemory memory, uint fd, uint buffers, uint count, uint written)
    {
        if (CheckBuffers(memory, buffers, count, out var total) is not Errno.Success and var error)
        {
            return error;
        }

        var output = run[fd] switch
        {
            StdioDescriptor.Stdout => run.Stdout,
            StdioDescriptor.Stderr => run.Stderr,
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
                run.Stop(GuestOutcome.OutputRefused);
                return Errno.Success;
            }
        }

        memory.WriteU32(written, (uint)total);
        return Errno.Success;
    }

    public static Errno Pwrite(GuestRun run, GuestMemory memory, uint fd, uint buffers, uint count)
    {
        if (CheckBuffers(memory, buffers, count, out _) is not Errno.Success and var error)
        {
            return error;
        }

        return run[fd] is StdioDescriptor.Stdout or StdioDescriptor.Stderr ? Errno.Spipe : Errno.Badf;
    }

    public static Errno Read(GuestRun run, GuestMemory memory, uint fd, uint buffers, uint count, uint read)
    {
        if (CheckBuffers(memory, buffers, count, out _) is not Errno.Success and var error)
        {
            return error;
        }

        if (run[fd] != StdioDescriptor.Stdin)
        {
            return Errno.Badf;
        }

        var total = 0u;
        for (var i = 0u; i < count; i++)
        {
            var buffer = Element(buffers, i, 8);
            var length = memory.ReadU32(buffer + 4);
            var target = length == 0 ? default : memory.Slice(memory.ReadU32(buffer), length);
            var taken = run.ReadStdin(target, mayWait: total == 0);
            total += (uint)taken;
            if (taken < target.Length)
            {
                break;
            }
        }

        memory.WriteU32(read, total);
        return Errno.Success;
    }

    public static Errno Pread(GuestRun run, GuestMemory memory, uint fd, uint buffers, uint count)
    {
        if (CheckBuffers(memory, buffers, count, out _) is not Errno.Success and var error)
        {
            return error;
        }

        return run[fd] == StdioDescriptor.Stdin ? Errno.Spipe : Errno.Badf;
    }
}
