using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Wagi.Runtime.Guests;

/// <summary>
/// The time of one run: when it began, when it has to be over, the waiting in between, and whether it takes long enough to count as holding
/// its thread.
/// </summary>
internal struct RunClock
{
    private long _start;
    private long _ready;
    private long _deadline;
    private long _instantiated;
    private RunWaits _waits;
    private ThreadReserve? _threads;
    private bool _holdsThread;

    /// <summary>Nanoseconds since the run began: the guest's monotonic clock, which tells nothing about the host.</summary>
    public readonly ulong Elapsed => (ulong)(Stopwatch.GetElapsedTime(_start).Ticks * 100);

    public readonly bool IsOver => Stopwatch.GetTimestamp() >= _deadline;

    /// <summary>How long it may still run; negative: its time is over.</summary>
    public readonly TimeSpan Left() => Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), _deadline);

    /// <summary>Where the time of the run went so far.</summary>
    public readonly RunTimes Times()
    {
        var now = Stopwatch.GetTimestamp();
        return new RunTimes(
            _start, Stopwatch.GetElapsedTime(_start, now), Stopwatch.GetElapsedTime(_ready, _instantiated == 0 ? now : _instantiated), Of(RunWait.Input),
            Of(RunWait.Outbound), Of(RunWait.Output));
    }

    /// <summary>The run begins.</summary>
    public void Start(TimeSpan timeout, ThreadReserve threads)
    {
        _start = Stopwatch.GetTimestamp();
        _ready = _start;
        _deadline = _start + (long)(timeout.TotalSeconds * Stopwatch.Frequency);
        _instantiated = 0;
        _waits = default;
        _threads = threads;
        _holdsThread = false;
    }

    /// <summary>It has waited for its turn; what comes next is the instance.</summary>
    public void Ready() => _ready = Stopwatch.GetTimestamp();

    /// <summary>The instance is there; from here on the guest itself runs.</summary>
    public void Instantiated() => _instantiated = Stopwatch.GetTimestamp();

    /// <summary>From here on the run counts as long: the pool gets another thread for everybody else.</summary>
    public void HoldThread()
    {
        if (!_holdsThread)
        {
            _holdsThread = true;
            _threads!.Keep();
        }
    }

    /// <summary>The run is over.</summary>
    public void ReleaseThread()
    {
        if (_holdsThread)
        {
            _holdsThread = false;
            _threads!.Release();
        }
    }

    /// <summary>Waits for at least this long.</summary>
    /// <returns>Why the guest must not go on, or <see cref="GuestOutcome.Completed"/>.</returns>
    public readonly GuestOutcome Sleep(ulong nanoseconds, CancellationToken aborted)
    {
        var end = Elapsed + Math.Min(nanoseconds, long.MaxValue);
        for (var now = Elapsed; now < end; now = Elapsed)
        {
            var left = Left();
            if (left <= TimeSpan.Zero)
            {
                return GuestOutcome.DeadlineExceeded;
            }

            // Waits count in whole milliseconds: rounded up, so that the guest never sleeps too short.
            var milliseconds = Math.Min((end - now + 999_999) / 1_000_000, (ulong)Math.Ceiling(left.TotalMilliseconds));
            if (Pause((int)Math.Min(milliseconds, 60_000), aborted))
            {
                return GuestOutcome.Cancelled;
            }
        }

        return GuestOutcome.Completed;
    }

    /// <summary>Waits for a task.</summary>
    /// <returns>Why the guest must not go on, or <see cref="GuestOutcome.Completed"/>.</returns>
    /// <exception cref="AggregateException">The task has failed.</exception>
    public GuestOutcome Wait(Task task, RunWait what, CancellationToken aborted)
    {
        var start = Stopwatch.GetTimestamp();
        var left = Left();
        try
        {
            return left > TimeSpan.Zero && task.Wait((int)Math.Ceiling(Math.Min(left.TotalMilliseconds, int.MaxValue)), aborted)
                ? GuestOutcome.Completed
                : GuestOutcome.DeadlineExceeded;
        }
        catch (OperationCanceledException)
        {
            return GuestOutcome.Cancelled;
        }
        finally
        {
            Waited(what, start);
        }
    }

    /// <summary>As <see cref="Wait(Task, RunWait, CancellationToken)"/>, for no longer than so many nanoseconds, after which the guest goes on.</summary>
    public GuestOutcome Wait(Task task, ulong nanoseconds, RunWait what, CancellationToken aborted)
    {
        var start = Stopwatch.GetTimestamp();
        var left = Left();
        if (left <= TimeSpan.Zero)
        {
            return GuestOutcome.DeadlineExceeded;
        }

        // Rounded up, so that it never goes on too early. Whoever waits for longer asks again.
        var milliseconds = (nanoseconds / 1_000_000) + (nanoseconds % 1_000_000 == 0 ? 0ul : 1ul);
        try
        {
            var isOver = !task.Wait((int)Math.Min(milliseconds, (ulong)Math.Ceiling(Math.Min(left.TotalMilliseconds, 60_000))), aborted) && IsOver;
            return isOver ? GuestOutcome.DeadlineExceeded : GuestOutcome.Completed;
        }
        catch (OperationCanceledException)
        {
            return GuestOutcome.Cancelled;
        }
        finally
        {
            Waited(what, start);
        }
    }

    /// <summary>Waits for whoever sends the guest's input, which is no time of the guest's: the end of its time moves on by as much.</summary>
    /// <param name="more">Ends in bounded time.</param>
    /// <param name="due">When the guest wants to go on in any case: on its monotonic clock, in nanoseconds.</param>
    /// <param name="aborted">Signalled when nobody waits for the guest any more.</param>
    /// <returns>Why the guest must not go on, or <see cref="GuestOutcome.Completed"/>.</returns>
    public GuestOutcome WaitForInput(Task more, ulong due, CancellationToken aborted)
    {
        var start = Stopwatch.GetTimestamp();
        try
        {
            for (var now = Elapsed; now < due && !more.IsCompleted; now = Elapsed)
            {
                more.Wait((int)Math.Min((due - now + 999_999) / 1_000_000, 60_000), aborted);
            }

            return GuestOutcome.Completed;
        }
        catch (OperationCanceledException)
        {
            return GuestOutcome.Cancelled;
        }
        finally
        {
            _deadline += Waited(RunWait.Input, start);
        }
    }

    private long Waited(RunWait what, long since)
    {
        var passed = Stopwatch.GetTimestamp() - since;
        _waits[(int)what] += passed;
        return passed;
    }

    private readonly TimeSpan Of(RunWait what) => Stopwatch.GetElapsedTime(0, _waits[(int)what]);

    private static bool Pause(int milliseconds, CancellationToken aborted)
    {
        if (aborted.CanBeCanceled)
        {
            return aborted.WaitHandle.WaitOne(milliseconds);
        }

        Thread.Sleep(milliseconds);
        return false;
    }
}

/// <summary>What a guest waits for.</summary>
internal enum RunWait
{
    /// <summary>Whoever sends its input.</summary>
    Input,

    /// <summary>Answers to requests that it has sent.</summary>
    Outbound,

    /// <summary>Whoever reads its output.</summary>
    Output,
}

/// <summary>How long it waited for each, in ticks of <see cref="Stopwatch"/>.</summary>
[InlineArray(3)]
internal struct RunWaits
{
    private long _first;
}

/// <summary>Where the time of a run went. What is left of it is the guest's own.</summary>
/// <param name="Start">When it began: a time stamp of <see cref="Stopwatch"/>.</param>
/// <param name="Total">All of it.</param>
/// <param name="Instance">Until there was an instance.</param>
/// <param name="Input">Waiting for whoever sends its input.</param>
/// <param name="Outbound">Waiting for answers to requests that it has sent.</param>
/// <param name="Output">Waiting for whoever reads its output.</param>
internal readonly record struct RunTimes(long Start, TimeSpan Total, TimeSpan Instance, TimeSpan Input, TimeSpan Outbound, TimeSpan Output);
