namespace Wagi.TestCluster.Processes;

/// <summary>
/// The time of day of some processes, which a test sets forward and back while they run, as an administrator or a time server does. Their
/// monotonic clock goes on as the kernel's does then. It stands on <c>libfaketime</c>.
/// </summary>
public sealed class JumpingClock : IDisposable
{
    private const string File = "offset";

    private readonly TempDirectory _directory = new("clock");

    public JumpingClock() => Jump(TimeSpan.Zero);

    /// <summary>Why no clock can jump on this machine; null when it can.</summary>
    public static string? WhyMissing => TestTools.WhyNoProcess ?? (Library is null ? "libfaketime is not there: run tests/cluster/install" : null);

    private static string? Library { get; } = Directory.Exists("/usr/lib")
        ? Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu").Select(folder => Path.Combine(folder, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(System.IO.File.Exists)
        : null;

    /// <summary>What to put before a program and its arguments, so that it lives by this clock.</summary>
    public IReadOnlyList<string> Command =>
    [
        "/usr/bin/env", $"LD_PRELOAD={Library}", $"FAKETIME_TIMESTAMP_FILE={_directory.PathOf(File)}", "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1",
    ];

    /// <summary>Sets the clock to the true time and this.</summary>
    public void Jump(TimeSpan offset)
    {
        // By a rename, so that nobody reads half of it.
        var written = _directory.Write(File + ".new", System.FormattableString.Invariant($"{offset.TotalSeconds:+0;-0;+0}"));
        System.IO.File.Move(written, _directory.PathOf(File), overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();
}
