namespace Wagi.Operator.Loops;

/// <summary>A pause that can be cut short.</summary>
/// <param name="time">The clock of the pause.</param>
internal sealed class Alarm(TimeProvider time)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _sleep;
    private bool _rung;

    /// <summary>Whether somebody has rung since the last pause.</summary>
    public bool IsRung
    {
        get
        {
            lock (_lock)
            {
                return _rung;
            }
        }
    }

    /// <summary>Ends the current pause, or the next one if there is none.</summary>
    public void Ring()
    {
        lock (_lock)
        {
            _rung = true;
            _sleep?.TrySetResult();
        }
    }

    /// <summary>
    /// Pauses until the time is over, somebody rings, or the token is cancelled, which the caller checks. Does not pause when the time is
    /// over already.
    /// </summary>
    public async Task SleepAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        var sleep = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _sleep = sleep;
            if (_rung || duration <= TimeSpan.Zero)
            {
                sleep.TrySetResult();
            }
        }

        if (!sleep.Task.IsCompleted)
        {
            await using (cancellationToken.Register(static state => ((TaskCompletionSource)state!).TrySetResult(), sleep))
            await using (time.CreateTimer(static state => ((TaskCompletionSource)state!).TrySetResult(), sleep, duration, Timeout.InfiniteTimeSpan))
            {
                await sleep.Task;
            }
        }

        lock (_lock)
        {
            _sleep = null;
            _rung = false;
        }
    }
}
