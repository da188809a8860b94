using System.Diagnostics;

namespace Wagi.Runtime.Transport;

/// <summary>
/// Whether a thread that has nothing to do looks again for a moment before it sleeps. Waking a thread, on a processor that has gone to sleep as well,
/// takes longer than many a request; a client that sends one request after the other would wait for it each time. One thread does so at a time,
/// and only while more than half of such looks have found something: a processor's time is others' as well.
/// </summary>
internal sealed class Spinning
{
    private const int MaxLuck = 8;
    private const int WaitsPerTry = 32;

    private static readonly long Moment = (long)(TimeSpan.FromMicroseconds(100).TotalSeconds * Stopwatch.Frequency);

    private int _isTaken;
    private int _luck;
    private int _waits;

    /// <summary>Begins to look, if it is worth it and nobody else does. True is followed by <see cref="End"/>.</summary>
    /// <param name="until">How long, by <see cref="Stopwatch"/>.</param>
    public bool TryBegin(out long until)
    {
        until = 0;
        if (Volatile.Read(ref _isTaken) != 0 || Interlocked.Exchange(ref _isTaken, 1) != 0)
        {
            return false;
        }

        if (_luck <= 0 && ++_waits % WaitsPerTry != 0)
        {
            Volatile.Write(ref _isTaken, 0);
            return false;
        }

        until = Stopwatch.GetTimestamp() + Moment;
        return true;
    }

    /// <param name="hasFound">Whether there was something.</param>
    public void End(bool hasFound)
    {
        _luck = hasFound ? Math.Min(_luck + 1, MaxLuck) : Math.Max(_luck - 1, 0);
        Volatile.Write(ref _isTaken, 0);
    }
}
