using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Memories;

/// <summary>The kernel's calls for address space, as mmap(2), mprotect(2) and madvise(2) describe them. Lengths are whole pages.</summary>
internal static unsafe partial class PageMemory
{
    private const int ProtectionNone = 0;
    private const int ProtectionRead = 1;
    private const int ProtectionReadWrite = 1 | 2;
    private const int MapPrivate = 0x02;
    private const int MapFixed = 0x10;
    private const int MapAnonymous = 0x20;
    private const int MapNoReserve = 0x4000;
    private const int AdviceDontNeed = 4;
    private const int AdviceDontFork = 10;
    private const int AdviceNoHugePage = 15;

    // About 0.1 ms.
    private const nuint MaxForgotten = 2 << 20;

    /// <summary>Bytes of a page.</summary>
    public static nuint PageSize { get; } = (nuint)Environment.SystemPageSize;

    /// <summary>Reserves address space that cannot be read or written yet; null when there is none.</summary>
    public static byte* Reserve(nuint length)
    {
        var address = Map(0, length, ProtectionNone, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
        return address == -1 ? null : Advised(address, length);
    }

    /// <summary>
    /// Puts a file's pages, closed, in the place of reserved ones. What is written to them later is not written to the file. False: the kernel
    /// refuses, and what is there now is not known.
    /// </summary>
    public static bool TryPlace(byte* start, nuint length, SafeFileHandle file, long offset)
    {
        var address = Map(
            (nint)start, length, ProtectionNone, MapPrivate | MapNoReserve | MapFixed, (int)file.DangerousGetHandle(), (nint)offset);
        return address != -1 && Advised(address, length) == start;
    }

    /// <summary>A file's pages, to be read; null when the kernel refuses.</summary>
    public static byte* Read(nuint length, SafeFileHandle file, long offset)
    {
        var address = Map(0, length, ProtectionRead, MapPrivate, (int)file.DangerousGetHandle(), (nint)offset);
        return address == -1 ? null : (byte*)address;
    }

    /// <summary>Gives reserved address space back.</summary>
    public static void Release(byte* start, nuint length) => _ = Unmap((nint)start, length);

    /// <summary>Makes reserved pages readable and writable, with what is in them. False: the kernel refuses.</summary>
    public static bool TryOpen(byte* start, nuint length) => length == 0 || Protect((nint)start, length, ProtectionReadWrite) == 0;

    /// <summary>The opposite of <see cref="TryOpen"/>.</summary>
    public static bool TryClose(byte* start, nuint length) => length == 0 || Protect((nint)start, length, ProtectionNone) == 0;

    /// <summary>
    /// Forgets what is in pages: they hold what was mapped, zeros or a file's, and take no memory until they are touched. A part at a time: for as
    /// long as a call takes, no other thread opens pages, and those that look at some wait behind the one that wants to. False: the kernel refuses.
    /// </summary>
    public static bool TryForget(byte* start, nuint length)
    {
        for (nuint at = 0; at < length; at += MaxForgotten)
        {
            if (Advise((nint)(start + at), Math.Min(length - at, MaxForgotten), AdviceDontNeed) != 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Neither is needed for anything to be right, so a kernel without them will do: a huge page would be cleared as a whole for one byte, and a
    /// child between fork and exec has no use for guests' memories.
    /// </summary>
    private static byte* Advised(nint address, nuint length)
    {
        _ = Advise(address, length, AdviceNoHugePage);
        _ = Advise(address, length, AdviceDontFork);
        return (byte*)address;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
