namespace Wagi.Runtime.Guests;

/// <summary>What the runs of a module took lately. Used by any number of threads, which may overwrite each other's values.</summary>
internal sealed class TypicalTime
{
    /// <summary>
    /// About what the server needs to read a request and to send its answer, in nanoseconds. Guests that end within this time delay others no more
    /// than that does.
    /// </summary>
    private const long Short = 50_000;

    /// <summary>From here on guests take turns while they run (<see cref="CpuTurns"/>), and how long they run is no matter of when they begin.</summary>
    private const long Longest = 10_000_000;

    /// <summary>Runs that count. A few among many are interrupted by other programs, and are no longer for that.</summary>
    private const int Runs = 128;

    /// <summary>How far runs are counted that took turns, less those that did not. Above half of it, the next is expected to.</summary>
    private const int ManyTurns = 16;

    // The mean, until something is known.
    private long _nanoseconds = 1_000_000;
    private int _turns;

    /// <summary>Whether a run can be expected to be over as soon as anything else that is done for a request.</summary>
    public bool IsShort => Volatile.Read(ref _nanoseconds) <= Short;

    /// <summary>Whether a run can be expected to compute until it has to take turns.</summary>
    public bool IsLong => Volatile.Read(ref _turns) > ManyTurns / 2;

    /// <summary>A run has ended.</summary>
    /// <param name="duration">What it took, waiting included.</param>
    /// <param name="tookTurns">Whether it computed for so long that it had to take turns.</param>
    public void Add(TimeSpan duration, bool tookTurns)
    {
        var turns = Volatile.Read(ref _turns);
        if (turns != (tookTurns ? ManyTurns : 0))
        {
            Volatile.Write(ref _turns, turns + (tookTurns ? 1 : -1));
        }

        var nanoseconds = duration.Ticks * TimeSpan.NanosecondsPerTick;
        var known = Volatile.Read(ref _nanoseconds);
        Volatile.Write(ref _nanoseconds, known + ((Math.Min(nanoseconds, Longest) - known) / Runs));
    }
}
