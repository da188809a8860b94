using System.Collections.Immutable;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Logs;

namespace Wagi.Runtime.Access;

/// <summary>
/// The last requests, for people who look at the console, and the last that failed. Requests are kept only while somebody looks, so that nobody
/// else pays for it; failures always, because they are rare, or made rare by a budget for each module.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class RequestJournal(TimeProvider time)
{
    /// <summary>The requests that are kept, all modules together. As many are taken between two looks.</summary>
    public const int Requests = 500;

    /// <summary>The failures that are kept, all modules together.</summary>
    public const int Failures = 200;

    /// <summary>How many failures of one module are kept in a second: one module's must not push out those of all others.</summary>
    public const int FailuresPerSecond = 2;

    /// <summary>How long a look lasts.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    private readonly JournalRing _requests = new(Requests);
    private readonly JournalRing _failures = new(Failures);
    private volatile bool _isWatched;
    private long _lookedAt;
    private int _room;
    private long _leftOut;

    /// <summary>Whether a request is kept. Costs a comparison when it is not.</summary>
    /// <param name="isFailure">Whether the module has failed at it, or the runtime.</param>
    public bool Wants(bool isFailure) => _isWatched || isFailure;

    /// <summary>Keeps a request.</summary>
    /// <param name="isFailure">As for <see cref="Wants"/>.</param>
    /// <param name="entry">The request.</param>
    /// <param name="failures">How many failures its module may have.</param>
    public void Add(bool isFailure, JournalEntry entry, LineBudget failures)
    {
        if (isFailure && failures.TryTake(out _))
        {
            _failures.Add(entry);
        }

        if (!_isWatched)
        {
            return;
        }

        if (time.GetElapsedTime(Volatile.Read(ref _lookedAt)) > Look)
        {
            _isWatched = false;
        }
        else if (Volatile.Read(ref _room) > 0 && Interlocked.Decrement(ref _room) >= 0)
        {
            _requests.Add(entry);
        }
        else
        {
            Interlocked.Increment(ref _leftOut);
        }
    }

    /// <summary>Gives back what is kept, and goes on keeping for <see cref="Look"/>.</summary>
    /// <param name="afterRequest">The number of the last request that is known already; 0: none is.</param>
    /// <param name="afterFailure">The number of the last failure that is known already; 0: none is.</param>
    public JournalView Read(long afterRequest, long afterFailure)
    {
        Volatile.Write(ref _lookedAt, time.GetTimestamp());
        Volatile.Write(ref _room, Requests);
        _isWatched = true;
        return new JournalView(_requests.After(afterRequest), _failures.After(afterFailure), Interlocked.Read(ref _leftOut));
    }
}

/// <summary>What the journal holds.</summary>
/// <param name="Requests">The requests, the oldest first.</param>
/// <param name="Failures">The failures, the oldest first.</param>
/// <param name="LeftOut">How many requests there was no room for, since the runtime started.</param>
internal sealed record JournalView(ImmutableArray<JournalEntry> Requests, ImmutableArray<JournalEntry> Failures, long LeftOut);

/// <summary>A request in the journal. Texts are printable, and the path is without its query.</summary>
internal sealed record JournalEntry
{
    /// <summary>Its number among the requests, or among the failures: from 1 on.</summary>
    public long Number { get; init; }

    /// <summary>When it ended: milliseconds since 1970.</summary>
    public required long Time { get; init; }

    /// <summary>The module's id; null: none answered.</summary>
    public required string? Module { get; init; }

    /// <summary>Its id, as in <c>X-Request-Id</c>.</summary>
    public required string Id { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    /// <summary>0: nobody was there to receive one.</summary>
    public required int Status { get; init; }

    /// <summary>Of the answer's body.</summary>
    public required long Bytes { get; init; }

    public required double Milliseconds { get; init; }

    /// <summary>Of <see cref="Milliseconds"/>; null: no module answered, or the request broke off.</summary>
    public JournalParts? Parts { get; init; }

    /// <summary>As in the label of the metrics.</summary>
    public required string Outcome { get; init; }

    /// <summary>Why; null: there is nothing to add.</summary>
    public required string? Reason { get; init; }
}

/// <summary>Where the time of a request went: see <see cref="RequestParts"/>. In milliseconds.</summary>
internal sealed record JournalParts(double Waiting, double Receiving, double Instance, double Guest, double Outbound, double Sending)
{
    /// <param name="parts">The parts.</param>
    /// <param name="duration">How long the request took.</param>
    public static JournalParts Of(in RequestParts parts, TimeSpan duration) => new(
        Milliseconds(parts.Waiting), Milliseconds(parts.Receiving), Milliseconds(parts.Instance), Milliseconds(parts.Guest), Milliseconds(parts.Outbound),
        Milliseconds(parts.Sending(duration)));

    /// <summary>A time as it is shown.</summary>
    public static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}

/// <summary>The last entries, in the order of their numbers.</summary>
internal sealed class JournalRing(int size)
{
    private readonly Lock _lock = new();
    private readonly JournalEntry[] _entries = new JournalEntry[size];
    private long _last;

    /// <summary>Puts an entry in place of the oldest.</summary>
    public void Add(JournalEntry entry)
    {
        lock (_lock)
        {
            _last++;
            _entries[_last % size] = entry with { Number = _last };
        }
    }

    /// <summary>The entries after the one with a number; all, if there has been none of that number.</summary>
    public ImmutableArray<JournalEntry> After(long number)
    {
        lock (_lock)
        {
            var known = number > _last ? 0 : number;
            var first = Math.Max(known, _last - size) + 1;
            var entries = ImmutableArray.CreateBuilder<JournalEntry>((int)Math.Max(0, _last - first + 1));
            for (var at = first; at <= _last; at++)
            {
                entries.Add(_entries[at % size]);
            }

            return entries.MoveToImmutable();
        }
    }
}
