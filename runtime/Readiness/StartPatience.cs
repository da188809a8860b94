namespace Wagi.Runtime.Readiness;

/// <summary>
/// How long a runtime that has just started waits for the entries that it found, before it says that it is ready. What hangs is an owner's
/// own affair and must not keep the runtime from serving everybody else; what takes long because there is much of it must be waited for,
/// since the runtimes that this one replaces end when it is ready. So a fixed time is given, and a little more for each entry that has
/// settled: whoever delays the start with an entry of his own buys no more than that.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class StartPatience(TimeProvider time)
{
    /// <summary>The longest wait for the next entry to settle.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>What an entry that settles adds, up to <see cref="Longest"/> from now: more than the machine takes to load one.</summary>
    public static readonly TimeSpan ForEach = TimeSpan.FromSeconds(10);

    private readonly long _origin = time.GetTimestamp();
    private HashSet<string>? _awaited;
    private TimeSpan _end;

    /// <summary>Whether nothing is waited for any more: everything has settled, or the time is up. False before the first <see cref="Note"/>.</summary>
    public bool IsOver => _awaited is not null && (_awaited.Count == 0 || time.GetElapsedTime(_origin) >= _end);

    /// <summary>Ids of what the start has not come to an end with.</summary>
    public IReadOnlyCollection<string> Awaited => _awaited ?? [];

    /// <summary>Takes note of what has not settled yet. The first time says what is waited for: what is added later is not part of the start.</summary>
    /// <param name="unsettled">Ids of all such entries.</param>
    public void Note(IEnumerable<string> unsettled)
    {
        var now = time.GetElapsedTime(_origin);
        if (_awaited is null)
        {
            _awaited = new HashSet<string>(unsettled, StringComparer.Ordinal);
            _end = now + Longest;
            return;
        }

        var before = _awaited.Count;
        _awaited.IntersectWith(unsettled);
        var more = _end + ((before - _awaited.Count) * ForEach);
        _end = more < now + Longest ? more : now + Longest;
    }
}
