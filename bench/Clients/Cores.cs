using System.Diagnostics;
using System.Runtime.InteropServices;
using Wagi.TestCluster;

namespace Wagi.Bench.Clients;

/// <summary>
/// Which cores belong to the servers and which to their clients. With four or more, each side has one half for itself. With fewer, both share
/// all of them, because half would be too little for either.
/// </summary>
internal static partial class Cores
{
    private const int FewestToShareOut = 4;

    private static readonly int[] All = FindAll();

    /// <summary>How many threads a client should have.</summary>
    public static int ClientThreads => IsSharedOut ? Client.Length : 1;

    /// <summary>What stands before the command line of a server; nothing where the cores are not shared out.</summary>
    public static IReadOnlyList<string> BeforeServer => Before(All.AsSpan(0, All.Length / 2));

    /// <summary>The same for a client.</summary>
    public static IReadOnlyList<string> BeforeClient => Before(Client);

    private static bool IsSharedOut => All.Length >= FewestToShareOut;

    private static ReadOnlySpan<int> Client => All.AsSpan(All.Length / 2);

    /// <summary>Keeps the calling thread, which is a client of its own, to the clients' cores.</summary>
    public static void KeepThreadToClients()
    {
        if (!IsSharedOut)
        {
            return;
        }

        ulong mask = 0;
        foreach (var core in Client)
        {
            mask |= 1UL << core;
        }

        if (SetAffinity(0, sizeof(ulong), in mask) != 0)
        {
            throw new InvalidOperationException($"sched_setaffinity: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    private static IReadOnlyList<string> Before(ReadOnlySpan<int> cores) =>
        IsSharedOut ? [TestTools.Require("taskset"), "--cpu-list", string.Join(',', cores.ToArray())] : [];

    private static int[] FindAll()
    {
        using var self = Process.GetCurrentProcess();
        var allowed = OperatingSystem.IsLinux() ? (ulong)self.ProcessorAffinity : 0;
        return [.. Enumerable.Range(0, 64).Where(core => (allowed >> core & 1) != 0)];
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint size, in ulong mask);
}
