using System.Diagnostics;
using System.Runtime.InteropServices;
using Wagi.Runtime.Memories;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Memories;

/// <summary>
/// Somewhere that the kernel can put pages: the machine's own swap or, where it has none, a small file that is swap while a test class runs. It belongs
/// to a shell that takes it away when its standard input ends: also when this process is killed, because the kernel lets nobody delete such a file.
/// </summary>
public sealed unsafe partial class Swap : IDisposable
{
    private const string Directory = "swap";

    // A folder of TempDirectory is named so. What another run has brought may go at any time.
    private const string OfTests = "-test-" + Directory + "-";

    private const string Shell = """
        trap '' HUP INT TERM
        umask 077
        if head -c 16777216 /dev/zero >"$1" && mkswap "$1" >&2 && swapon "$1"
        then
          echo on
          read -r _
          swapoff "$1" || exit
        fi
        rm -f "$1"
        """;

    private const int AdvisePageOut = 21;
    private const ulong Present = 1UL << 63;
    private const ulong OfFile = 1UL << 61;

    private readonly Lazy<string?> _whyMissing;
    private TempDirectory? _directory;
    private Process? _shell;

    public Swap() => _whyMissing = new Lazy<string?>(Bring);

    /// <summary>Why nothing can be swapped out; null: it can.</summary>
    public string? WhyMissing => _whyMissing.Value;

    /// <summary>Has the kernel swap pages out, all of which have been written to; the test is skipped where that cannot be had.</summary>
    /// <param name="start">The first byte, at a page.</param>
    /// <param name="length">Bytes of whole pages.</param>
    public void PageOut(byte* start, nuint length)
    {
        Assert.SkipWhen(WhyMissing is not null, WhyMissing ?? "");
        var patience = Stopwatch.StartNew();
        while (Resident(start, length) is var resident and > 0)
        {
            // It only tries: pages that another processor has just made are not on its lists yet.
            Assert.SkipWhen(
                PagesOut((nint)start, length, AdvisePageOut) != 0, $"the kernel pages nothing out when it is asked to: {Marshal.GetLastPInvokeErrorMessage()}");
            Assert.SkipWhen(
                patience.Elapsed > Eventually.DefaultDeadline, $"the kernel does not swap out {resident} of {length / PageMemory.PageSize} pages, though there is swap");
        }
    }

    /// <summary>Makes swap where there is none.</summary>
    /// <returns>Why there is none all the same; null: there is some.</returns>
    private string? Bring()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "pages are swapped out when a program asks for it on Linux only";
        }

        if (!File.Exists("/proc/self/pagemap") || !File.Exists("/proc/swaps"))
        {
            return "the kernel does not say what is swapped out";
        }

        if (File.ReadLines("/proc/swaps").Skip(1).Any(line => !line.Contains(OfTests, StringComparison.Ordinal)))
        {
            return null;
        }

        if (TestTools.WhyNoProcess is { } reason)
        {
            return $"the machine has no swap, and to bring some, {reason}";
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return "the machine has no swap, and only root may bring some";
        }

        // The temporary folder may be in memory, or of layers, and the kernel swaps to neither.
        _directory = new TempDirectory(Directory);
        var reasons = new List<string>();
        foreach (var folder in new[] { _directory.FullPath, AppContext.BaseDirectory, "/var/tmp" })
        {
            if (TryBring(Path.Combine(folder, Path.GetFileName(_directory.FullPath))) is not { } refusal)
            {
                return null;
            }

            reasons.Add(refusal);
        }

        return $"the machine has no swap, and brings none: {string.Join("; ", reasons)}";
    }

    /// <returns>What was said against it; null: nothing.</returns>
    private string? TryBring(string file)
    {
        // A session of its own: what kills a whole group of processes leaves it alone.
        var shell = Process.Start(new ProcessStartInfo("setsid", ["sh", "-c", Shell, "sh", file]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        if (shell.StandardOutput.ReadLine() == "on")
        {
            _shell = shell;
            return null;
        }

        using (shell)
        {
            return shell.StandardError.ReadToEnd().Trim();
        }
    }

    /// <summary>How many pages are in memory. Those alone of a file's count that have been written to, which are no longer the file's.</summary>
    private static int Resident(byte* start, nuint length)
    {
        using var map = File.OpenHandle("/proc/self/pagemap");
        var entries = new ulong[length / PageMemory.PageSize];
        var bytes = MemoryMarshal.AsBytes(entries.AsSpan());
        Assert.Equal(bytes.Length, RandomAccess.Read(map, bytes, (long)((nuint)start / PageMemory.PageSize * sizeof(ulong))));
        return entries.Count(entry => (entry & Present) != 0 && (entry & OfFile) == 0);
    }

    public void Dispose()
    {
        if (_shell is not null)
        {
            using (_shell)
            {
                _shell.StandardInput.Close();
                var refusal = _shell.StandardError.ReadToEnd();
                _shell.WaitForExit();
                Assert.True(_shell.ExitCode == 0, $"the swap of this test stays: {refusal}");
            }
        }

        _directory?.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int PagesOut(nint address, nuint length, int advice);
}
