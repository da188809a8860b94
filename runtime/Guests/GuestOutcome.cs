namespace Wagi.Runtime.Guests;

/// <summary>How a guest came to its end.</summary>
public enum GuestOutcome
{
    /// <summary>The entrypoint returned, or called <c>proc_exit(0)</c>.</summary>
    Completed,

    /// <summary>It called <c>proc_exit</c> with another code.</summary>
    Failed,

    /// <summary>A trap: unreachable code, memory out of bounds, stack exhausted, a wild pointer handed to WASI.</summary>
    Trapped,

    /// <summary>Its time was up.</summary>
    DeadlineExceeded,

    /// <summary>Nobody waits for it any more.</summary>
    Cancelled,

    /// <summary>An output refused what it wrote; who owns the output knows why.</summary>
    OutputRefused,

    /// <summary>It could not be started: no free slot, or its memory is larger than it may be.</summary>
    NotStarted,
}
