using System.Diagnostics.CodeAnalysis;

namespace Wagi.Hosting.Supervision;

/// <summary>
/// Runs the long-running loops of a program. The first that ends, for whatever reason, ends them all: nothing serves on with a dead
/// loop inside.
/// </summary>
/// <param name="time">The clock that progress is measured by.</param>
public sealed class Supervisor(TimeProvider time)
{
    private readonly List<Loop> _loops = [];

    /// <summary>The loop that has completed no turn for too long, as a sentence for a liveness probe; null while all make progress.</summary>
    public string? Stalled
    {
        get
        {
            foreach (var loop in _loops)
            {
                var silence = loop.Progress.Silence;
                if (silence > loop.MaxSilence)
                {
                    return $"{loop.Name} has made no progress for {silence.TotalSeconds:0} s";
                }
            }

            return null;
        }
    }

    /// <summary>Adds a loop. Call it before <see cref="RunAsync"/>.</summary>
    /// <param name="name">What it is, for messages: <c>the reconcile loop</c>.</param>
    /// <param name="maxSilence">
    /// The longest time between two completed turns; a loop that waits for events completes an empty turn now and then.
    /// </param>
    /// <param name="run">The loop. It ends when its token is cancelled, and never before.</param>
    public void Add(string name, TimeSpan maxSilence, Func<LoopProgress, CancellationToken, Task> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        _loops.Add(new Loop(name, maxSilence, new LoopProgress(time), run));
    }

    /// <summary>Runs all loops until <paramref name="stopping"/>, or until the first of them ends. Returns once every loop has ended.</summary>
    /// <exception cref="LoopEndedException">A loop ended before <paramref name="stopping"/>; the others have been stopped.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var running = _loops.ConvertAll(loop => Task.Run(() => WatchAsync(loop, ending.Token), CancellationToken.None));
        if (running.Count == 0)
        {
            return;
        }

        var failure = await (await Task.WhenAny(running).ConfigureAwait(false)).ConfigureAwait(false);
        await ending.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(false);
        if (failure is not null)
        {
            throw failure;
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "whatever ends a loop is reported with its name")]
    private static async Task<LoopEndedException?> WatchAsync(Loop loop, CancellationToken ending)
    {
        loop.Progress.Completed();
        try
        {
            await loop.Run(loop.Progress, ending).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception)
        {
            return new LoopEndedException($"{loop.Name} ended: {exception.Message}", exception);
        }

        return ending.IsCancellationRequested ? null : new LoopEndedException($"{loop.Name} ended", innerException: null);
    }

    private sealed record Loop(string Name, TimeSpan MaxSilence, LoopProgress Progress, Func<LoopProgress, CancellationToken, Task> Run);
}

/// <summary>What a loop proves that it is alive with.</summary>
public sealed class LoopProgress
{
    private readonly TimeProvider _time;
    private long _completed;

    /// <param name="time">The clock.</param>
    public LoopProgress(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _completed = time.GetTimestamp();
    }

    /// <summary>How long ago the last turn was completed.</summary>
    public TimeSpan Silence => _time.GetElapsedTime(Volatile.Read(ref _completed));

    /// <summary>The loop has completed a turn.</summary>
    public void Completed() => Volatile.Write(ref _completed, _time.GetTimestamp());
}

/// <summary>A loop ended that was to run for as long as the program.</summary>
public sealed class LoopEndedException : Exception
{
    internal LoopEndedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
