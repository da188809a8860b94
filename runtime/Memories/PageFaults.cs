using System.Runtime.InteropServices;

namespace Wagi.Runtime.Memories;

/// <summary>
/// Counts the page faults of a thread: getrusage(2) with <c>RUSAGE_THREAD</c>. A page of private memory that was never written to cannot be written
/// to without one, whether the program writes or the kernel does in a call of it. So where there was none, no other page than before holds
/// anything. To ask takes a third of the time of looking for such pages, and no lock that threads share.
/// </summary>
internal static unsafe partial class PageFaults
{
    private const int OfThread = 1;

    // struct rusage: two times of 16 bytes, then numbers. The C library's may be larger than the kernel's.
    private const int UsageSize = 272 / sizeof(long);
    private const int Minor = 8;
    private const int Major = 9;

    private static long s_threads;

    [ThreadStatic]
    private static FaultCount t_last;

    /// <summary>Whether the kernel counts them, which was tried: one that only looks like Linux may always say zero.</summary>
    public static bool AreCounted { get; } = OperatingSystem.IsLinux() && IsEachCounted();

    /// <summary>What <see cref="Now"/> said last on this thread, without a call of the kernel: as many as there were then.</summary>
    public static FaultCount Last => t_last;

    /// <summary>How many there were on this thread.</summary>
    public static FaultCount Now()
    {
        var usage = stackalloc long[UsageSize];
        if (GetUsage(OfThread, usage) != 0)
        {
            return t_last = default;
        }

        var thread = t_last.Thread != 0 ? t_last.Thread : Interlocked.Increment(ref s_threads);
        return t_last = new FaultCount(thread, usage[Minor] + usage[Major]);
    }

    /// <summary>Whether the first write to a page is counted, to one of no file and to a file's, after both have been read.</summary>
    private static bool IsEachCounted()
    {
        var page = PageMemory.PageSize;
        var memory = PageMemory.Reserve(2 * page);
        if (memory == null)
        {
            return false;
        }

        try
        {
            using var image = MappedImage.Copy(new byte[page], start: (long)page);
            if (!image.TryPlace(memory) || !PageMemory.TryOpen(memory, 2 * page))
            {
                return false;
            }

            for (nuint at = 0; at < 2 * page; at += page)
            {
                _ = Volatile.Read(ref memory[at]);

                // What the call itself needs has been touched before the second one.
                _ = Now();
                var before = Now();
                Volatile.Write(ref memory[at], 1);
                if (Now().IsStill(before))
                {
                    return false;
                }
            }

            return true;
        }
        catch (IOException)
        {
            return false;
        }
        finally
        {
            PageMemory.Release(memory, 2 * page);
        }
    }

    [LibraryImport("libc", EntryPoint = "getrusage"), SuppressGCTransition]
    private static partial int GetUsage(int who, long* usage);
}

/// <summary>Page faults of one thread up to some moment.</summary>
/// <param name="Thread">Which thread; 0: it is not known how many.</param>
/// <param name="Number">How many.</param>
internal readonly record struct FaultCount(long Thread, long Number)
{
    /// <summary>Whether there was none since then, for certain.</summary>
    public bool IsStill(FaultCount before) => Thread != 0 && this == before;
}
