using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Compiling;

/// <summary>What this process may take from now on: the kernel holds it to that (setrlimit(2)).</summary>
[SupportedOSPlatform("linux")]
internal static partial class Confinement
{
    private const int BackgroundPriority = 10;

    /// <summary>Limits memory that is written to, whatever part of the process asks for it. Address space that is only reserved does not count.</summary>
    /// <param name="bytes">How much.</param>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static void LimitMemory(long bytes) => ResourceLimits.Set(ProcessResource.Data, (ulong)bytes, (ulong)bytes);

    /// <summary>Limits the processor time of all threads together. When it is up the process ends by SIGXCPU.</summary>
    /// <param name="time">How much, from the start of the process; it is counted in seconds, rounded up.</param>
    /// <param name="most">To how much that can be raised later.</param>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static void LimitTime(TimeSpan time, TimeSpan most) =>
        ResourceLimits.Set(ProcessResource.ProcessorTime, (ulong)Math.Ceiling(time.TotalSeconds), (ulong)Math.Ceiling(most.TotalSeconds) + 1);

    /// <summary>
    /// Gives way: this thread, and those that it starts, to threads of other processes; and the whole process when the kernel has to end
    /// one for want of memory. Leaves no core file.
    /// </summary>
    public static void GiveWay()
    {
        // Each of the three is a courtesy that a sandbox may forbid.
        ResourceLimits.Set(ProcessResource.CoreFile, 0, 0);
        LowerPriority();
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", "1000");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // As said.
        }
    }

    /// <summary>This thread, and what it starts, threads and processes, give way to others.</summary>
    public static void LowerPriority() => _ = SetPriority(0, 0, BackgroundPriority);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, uint who, int priority);
}
