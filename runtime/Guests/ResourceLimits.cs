using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Wagi.Runtime.Guests;

/// <summary>What the kernel lets this process take (getrlimit(2), setrlimit(2)).</summary>
[SupportedOSPlatform("linux")]
internal static partial class ResourceLimits
{
    /// <summary>Reads the limit that holds now; null when the kernel does not tell.</summary>
    public static ulong? Read(ProcessResource resource) => GetResourceLimit(resource, out var limit) == 0 ? limit.Soft : null;

    /// <summary>Sets what holds, and what it can be raised to again.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static void Set(ProcessResource resource, ulong soft, ulong hard)
    {
        var limit = new ResourceLimit { Soft = soft, Hard = hard };
        if (SetResourceLimit(resource, in limit) != 0)
        {
            throw new IOException($"the limit cannot be set: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetResourceLimit(ProcessResource resource, out ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetResourceLimit(ProcessResource resource, in ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}

/// <summary>Linux's numbers, of x86-64 and arm64 alike (<c>RLIMIT_…</c>).</summary>
internal enum ProcessResource
{
    /// <summary>Processor time of all threads, in seconds.</summary>
    ProcessorTime = 0,

    /// <summary>Memory that can be written to, in bytes.</summary>
    Data = 2,

    /// <summary>Size of a core file, in bytes.</summary>
    CoreFile = 4,

    /// <summary>Descriptors.</summary>
    OpenFiles = 7,
}
