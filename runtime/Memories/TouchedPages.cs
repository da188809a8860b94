using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Memories;

/// <summary>
/// Finds the pages of private memory that may hold anything but what was mapped, zeros or a file's: those that are present, or swapped out, and
/// are not the file's own. All others were never written to since they were mapped or forgotten. Used by any number of threads.
/// </summary>
internal abstract class TouchedPages : IDisposable
{
    /// <summary>How it finds them, for the log.</summary>
    public abstract string Method { get; }

    /// <summary>Lists the next touched ranges, in order.</summary>
    /// <param name="start">Where to begin, at a page; on return, where to go on.</param>
    /// <param name="end">Where to end, at a page.</param>
    /// <param name="ranges">Takes the ranges.</param>
    /// <returns>How many ranges; when <paramref name="start"/> has not reached the end, there may be more. Negative: the kernel does not tell.</returns>
    public abstract int Next(ref nuint start, nuint end, Span<PageRange> ranges);

    /// <summary>The best way that works here; null: none does.</summary>
    /// <param name="byReading">Leaves out the ioctl.</param>
    public static TouchedPages? Find(bool byReading = false)
    {
        SafeFileHandle map;
        try
        {
            map = File.OpenHandle("/proc/self/pagemap");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        var scan = new PagemapScan(map);
        if (!byReading && Works(scan))
        {
            return scan;
        }

        var read = new PagemapRead(map);
        if (Works(read))
        {
            return read;
        }

        map.Dispose();
        return null;
    }

    /// <summary>Whether it finds pages that were written to, and none that were only read or not touched, of memory and of a file.</summary>
    private static unsafe bool Works(TouchedPages pages)
    {
        var page = PageMemory.PageSize;
        var length = 8 * page;
        var memory = PageMemory.Reserve(length);
        if (memory == null)
        {
            return false;
        }

        try
        {
            using var image = MappedImage.Copy(new byte[4 * page], start: (long)(4 * page));
            if (!image.TryPlace(memory) || !PageMemory.TryOpen(memory, length))
            {
                return false;
            }

            memory[1 * page] = 1;
            _ = Volatile.Read(ref memory[4 * page]);
            memory[(6 * page) + 7] = 1;
            Span<PageRange> found = stackalloc PageRange[8];
            var start = (nuint)memory;
            return pages.Next(ref start, (nuint)memory + length, found) == 2
                && start == (nuint)memory + length
                && found[0] == new PageRange((nuint)memory + page, (nuint)memory + (2 * page))
                && found[1] == new PageRange((nuint)memory + (6 * page), (nuint)memory + (7 * page));
        }
        catch (IOException)
        {
            return false;
        }
        finally
        {
            PageMemory.Release(memory, length);
        }
    }

    public abstract void Dispose();
}

/// <summary>Whole pages, by their addresses.</summary>
/// <param name="Start">The first byte.</param>
/// <param name="End">Behind the last byte.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct PageRange(nuint Start, nuint End)
{
    public nuint Length => End - Start;
}

/// <summary>By the ioctl <c>PAGEMAP_SCAN</c>, from Linux 6.7 on (Documentation/admin-guide/mm/pagemap.rst).</summary>
internal sealed unsafe partial class PagemapScan(SafeFileHandle map) : TouchedPages
{
    // _IOWR('f', 16, struct pm_scan_arg)
    private const nuint Command = 0xC060_6610;

    private const ulong OfFile = 1 << 2;
    private const ulong Present = 1 << 3;
    private const ulong Swapped = 1 << 4;
    private const ulong Zero = 1 << 5;

    private const int MaxRegions = 64;

    // Other threads may have to wait for a call to end: 2 MiB at a time.
    private const ulong PagesAtATime = 512;

    public override string Method => "PAGEMAP_SCAN";

    public override int Next(ref nuint start, nuint end, Span<PageRange> ranges)
    {
        var regions = stackalloc Region[MaxRegions];
        var argument = new Argument
        {
            Size = (ulong)sizeof(Argument),
            Start = start,
            End = end,
            Regions = (ulong)regions,
            RegionCount = (ulong)Math.Min(MaxRegions, ranges.Length),
            MaxPages = PagesAtATime,
            Inverted = OfFile,
            AllOf = OfFile,
            AnyOf = Present | Swapped,

            // A page that was only read is the kernel's page of zeros, on most machines; clearing it would make a page of it.
            Returned = Zero,
        };
        var found = Control((int)map.DangerousGetHandle(), Command, &argument);
        if (found < 0)
        {
            return -1;
        }

        var count = 0;
        for (var i = 0; i < found; i++)
        {
            if ((regions[i].Categories & Zero) == 0)
            {
                ranges[count++] = new PageRange((nuint)regions[i].Start, (nuint)regions[i].End);
            }
        }

        start = (nuint)argument.WalkEnd;
        return count;
    }

    public override void Dispose() => map.Dispose();

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint command, Argument* argument);

    /// <summary><c>struct pm_scan_arg</c> of linux/fs.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Argument
    {
        public ulong Size;
        public ulong Flags;
        public ulong Start;
        public ulong End;
        public ulong WalkEnd;
        public ulong Regions;
        public ulong RegionCount;
        public ulong MaxPages;
        public ulong Inverted;
        public ulong AllOf;
        public ulong AnyOf;
        public ulong Returned;
    }

    /// <summary><c>struct page_region</c> of linux/fs.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Region
    {
        public ulong Start;
        public ulong End;
        public ulong Categories;
    }
}

/// <summary>
/// By reading <c>/proc/self/pagemap</c>, on any Linux: bit 63 of a page's entry says present, bit 62 swapped, bit 61 that the page is a file's.
/// </summary>
internal sealed class PagemapRead(SafeFileHandle map) : TouchedPages
{
    private const int MaxEntries = 512;
    private const ulong PresentOrSwapped = 3UL << 62;
    private const ulong OfFile = 1UL << 61;

    public override string Method => "/proc/self/pagemap";

    public override int Next(ref nuint start, nuint end, Span<PageRange> ranges)
    {
        Span<ulong> entries = stackalloc ulong[MaxEntries];
        var count = 0;
        while (start < end)
        {
            var pages = (int)Math.Min((end - start) / PageMemory.PageSize, MaxEntries);
            var bytes = MemoryMarshal.AsBytes(entries[..pages]);
            if (RandomAccess.Read(map, bytes, (long)(start / PageMemory.PageSize * sizeof(ulong))) != bytes.Length)
            {
                return -1;
            }

            for (var i = 0; i < pages; i++, start += PageMemory.PageSize)
            {
                if ((entries[i] & PresentOrSwapped) == 0 || (entries[i] & OfFile) != 0)
                {
                    continue;
                }

                if (count > 0 && ranges[count - 1].End == start)
                {
                    ranges[count - 1] = new PageRange(ranges[count - 1].Start, start + PageMemory.PageSize);
                }
                else if (count < ranges.Length)
                {
                    ranges[count++] = new PageRange(start, start + PageMemory.PageSize);
                }
                else
                {
                    return count;
                }
            }
        }

        return count;
    }

    public override void Dispose() => map.Dispose();
}
