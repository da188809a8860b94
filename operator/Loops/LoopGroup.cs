using Wagi.Hosting.Supervision;

namespace Wagi.Operator.Loops;

/// <summary>
/// Loops that come and go, supervised as one. The first that ends without having been stopped ends <see cref="RunAsync"/>, and the group
/// makes progress only while all of them do.
/// </summary>
/// <param name="maxSilence">The longest time between two turns of one of the loops.</param>
/// <param name="time">The clock.</param>
internal sealed class LoopGroup(TimeSpan maxSilence, TimeProvider time)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<LoopProgress> _running = [];

    /// <summary>Starts a loop. It runs until the source that is returned is cancelled.</summary>
    /// <param name="name">What it is, for messages.</param>
    /// <param name="run">The loop.</param>
    public CancellationTokenSource Start(string name, Func<LoopProgress, CancellationToken, Task> run)
    {
        var stop = new CancellationTokenSource();
        var progress = new LoopProgress(time);
        lock (_running)
        {
            _running.Add(progress);
        }

        _ = Task.Run(() => WatchAsync(name, run, progress, stop.Token), CancellationToken.None);
        return stop;
    }

    /// <summary>Waits until cancelled.</summary>
    /// <exception cref="InvalidOperationException">One of the loops ended without having been stopped.</exception>
    public Task RunAsync(LoopProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        return Waiting.ForAsync(_ended.Task.WaitAsync(cancellationToken), progress, time, () => !IsStalled);
    }

    private bool IsStalled
    {
        get
        {
            lock (_running)
            {
                return _running.Any(progress => progress.Silence > maxSilence);
            }
        }
    }

    private async Task WatchAsync(string name, Func<LoopProgress, CancellationToken, Task> run, LoopProgress progress, CancellationToken cancellationToken)
    {
        try
        {
            await run(progress, cancellationToken);
            if (!cancellationToken.IsCancellationRequested)
            {
                _ended.TrySetException(new InvalidOperationException($"{name} ended"));
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // It was stopped.
        }
        catch (Exception exception)
        {
            _ended.TrySetException(new InvalidOperationException($"{name} ended: {exception.Message}", exception));
        }
        finally
        {
            lock (_running)
            {
                _running.Remove(progress);
            }
        }
    }
}

/// <summary>Progress while there is nothing to do but wait.</summary>
internal static class Waiting
{
    /// <summary>How often a loop that waits completes an empty turn.</summary>
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    /// <summary>Waits for a task, and completes an empty turn now and then.</summary>
    /// <param name="task">What the loop waits for.</param>
    /// <param name="progress">What it proves that it is alive with.</param>
    /// <param name="time">The clock.</param>
    /// <param name="isAlive">Whether an empty turn counts; always when null.</param>
    public static async Task ForAsync(Task task, LoopProgress progress, TimeProvider time, Func<bool>? isAlive = null)
    {
        if (task.IsCompleted)
        {
            await task;
            return;
        }

        await using var beat = time.CreateTimer(
            _ =>
            {
                if (isAlive?.Invoke() ?? true)
                {
                    progress.Completed();
                }
            },
            null, Beat, Beat);
        await task;
    }
}
