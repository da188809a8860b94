using System.Net.Http;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Retries;
using Wagi.Operator.Loops;
using Wagi.Operator.Metrics;

namespace Wagi.Operator.Reconciling;

/// <summary>
/// The loop that plans, the loop that reports and the loop that annotates pods. It is level-triggered: whatever has happened, a turn looks at everything. Any number of
/// triggers make one turn; a trigger during a turn makes another one after it; a turn that failed is repeated after a growing pause, and
/// never before the API server wants it; and without any news there is a turn every <see cref="Resync"/>.
/// </summary>
/// <param name="name">What fails when a turn does, at the beginning of a sentence.</param>
/// <param name="turn">
/// Brings the cluster in line with what is wanted; safe to repeat at any time. It returns after how long it wants to be called again even
/// without a trigger; null: no sooner than <see cref="Resync"/>.
/// </param>
/// <param name="ended">Told of the duration and the success of every turn.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears of failures.</param>
internal sealed partial class ReconcileLoop(
    string name, Func<CancellationToken, Task<TimeSpan?>> turn, Action<TimeSpan, bool> ended, TimeProvider time, ILogger<ReconcileLoop> logger)
{
    /// <summary>The longest time without a turn.</summary>
    public static readonly TimeSpan Resync = TimeSpan.FromMinutes(5);

    /// <summary>The longest time between the ends of two turns; a turn may write many statuses to a slow API server.</summary>
    public static readonly TimeSpan MaxSilence = Resync + TimeSpan.FromMinutes(10);

    /// <summary>How many turns may follow each other without a pause, for a quick answer.</summary>
    private const int Burst = 10;

    /// <summary>The pause between turns after that, so that hundreds of changes in a row share their writes.</summary>
    private static readonly TimeSpan Distance = TimeSpan.FromMilliseconds(100);

    private readonly Alarm _alarm = new(time);
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));
    private readonly long _begun = time.GetTimestamp();
    private TimeSpan _next;
    private TimeSpan _wanted;
    private TimeSpan _paced;
    private TimeSpan _unwelcome;

    /// <summary>The turn that ended last; null: none has.</summary>
    public Turn? Last { get; private set; }

    /// <summary>Whether a turn has been asked for that has not begun.</summary>
    public bool IsTriggered => _alarm.IsRung;

    private TimeSpan Now => time.GetElapsedTime(_begun);

    /// <summary>Asks for a turn.</summary>
    public void Trigger() => _alarm.Ring();

    /// <summary>Takes turns until cancelled, the first one at once; a turn under way is cancelled too.</summary>
    /// <exception cref="OperationCanceledException">Always, in the end.</exception>
    public async Task RunAsync(LoopProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        _backoff.Reset();
        _wanted = TimeSpan.MaxValue;
        _next = Now;
        while (true)
        {
            await PaceAsync(cancellationToken);
            await _alarm.SleepAsync(_next - Now, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            await TurnAsync(cancellationToken);
            progress.Completed();
        }
    }

    private static TimeSpan Earlier(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <summary>Waits until another turn may begin.</summary>
    private async Task PaceAsync(CancellationToken cancellationToken)
    {
        var wait = _paced - ((Burst - 1) * Distance) - Now;
        wait = wait > _unwelcome - Now ? wait : _unwelcome - Now;
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private async Task TurnAsync(CancellationToken cancellationToken)
    {
        _paced = (_paced > Now ? _paced : Now) + Distance;
        var started = time.GetTimestamp();
        string? error = "it was broken off";
        using var span = OperatorTrace.Begin(name);
        try
        {
            var again = await turn(cancellationToken);
            error = null;
            _backoff.Reset();
            _wanted = again is { } pause ? Now + pause : TimeSpan.MaxValue;
            _next = Earlier(_wanted, Now + Resync);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception) when (ApiServerException.IsTransient(exception))
        {
            error = exception.Message;
            var pause = BackOff();
            if (exception is ApiServerException { RetryAfter: { } wish })
            {
                // No trigger cuts this short: an API server with too much to do needs fewer requests, not others.
                _unwelcome = Now + (wish < Resync ? wish : Resync);
                pause = pause > wish ? pause : wish;
            }

            OperatorTrace.Fail(span, exception.Message);
            LogFailed(logger, name, pause.TotalSeconds, exception.Message);
        }
        catch (Exception exception)
        {
            // A mistake of this program. What is served stays served, and the next change may avoid it.
            error = exception.Message;
            OperatorTrace.Fail(span, exception.Message);
            LogCrashed(logger, exception, name, BackOff().TotalSeconds);
        }
        finally
        {
            var duration = time.GetElapsedTime(started);
            Last = new Turn(time.GetUtcNow(), duration, error);
            ended(duration, error is null);
        }
    }

    private TimeSpan BackOff()
    {
        var pause = _backoff.Next();
        if (_wanted <= Now)
        {
            // This was the turn that an earlier one wanted. Any other failure leaves its time as it is.
            _wanted = TimeSpan.MaxValue;
        }

        _next = Earlier(_wanted, Now + pause);
        return pause;
    }

    [LoggerMessage(EventId = 601, Level = LogLevel.Warning, Message = "{Loop} failed, trying again in {Seconds:0.0} s: {Error}")]
    private static partial void LogFailed(ILogger logger, string loop, double seconds, string error);

    [LoggerMessage(EventId = 602, Level = LogLevel.Error, Message = "{Loop} failed unexpectedly, trying again in {Seconds:0.0} s; please report this")]
    private static partial void LogCrashed(ILogger logger, Exception exception, string loop, double seconds);
}

/// <summary>A turn of a <see cref="ReconcileLoop"/>.</summary>
/// <param name="Ended">When it ended.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Error">Why it failed; null: it did not.</param>
internal sealed record Turn(DateTimeOffset Ended, TimeSpan Duration, string? Error);
