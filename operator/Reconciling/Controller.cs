using System.Net.Http;
using System.Text.Json;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;
using Wagi.Modules.Retries;
using Wagi.Operator.ApiServer;
using Wagi.Operator.Metrics;

namespace Wagi.Operator.Reconciling;

/// <summary>
/// Takes keys from a queue and reconciles them, one at a time: again after a growing pause when it failed, and not more often than
/// a burst of changes deserves.
/// </summary>
/// <param name="queue">Where the keys come from.</param>
/// <param name="reconcile">Brings the world in line with what is wanted; must be fit to be called again at any time.</param>
/// <param name="metrics">Counts results and durations.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears of failures.</param>
internal sealed partial class Controller<TKey>(
    WorkQueue<TKey> queue, Func<TKey, CancellationToken, Task> reconcile, OperatorMetrics metrics, TimeProvider time, ILogger logger)
    where TKey : notnull
{
    private readonly Backoff _backoff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(30));

    /// <summary>Works until cancelled; what is under way is cancelled too.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // A few at once for a quick answer, then ten a second: hundreds of changes in a row share their writes.
        await using var limiter = new TokenBucketRateLimiter(new TokenBucketRateLimiterOptions
        {
            TokenLimit = 10,
            TokensPerPeriod = 1,
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
            QueueLimit = 1,
        });

        try
        {
            while (true)
            {
                using var permit = await limiter.AcquireAsync(1, cancellationToken);
                await ReconcileAsync(await queue.TakeAsync(cancellationToken), cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end.
        }
    }

    private async Task ReconcileAsync(TKey key, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var succeeded = false;
        try
        {
            await reconcile(key, cancellationToken);
            succeeded = true;
            _backoff.Reset();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is ApiServerException or HttpRequestException or IOException or JsonException)
        {
            var pause = _backoff.Next();
            LogFailed(logger, pause.TotalSeconds, e.Message);
            queue.AddAfter(key, pause);
        }
        catch (Exception e)
        {
            // A mistake of this program. What runs keeps running, and the next change may avoid it.
            var pause = _backoff.Next();
            LogCrashed(logger, e, pause.TotalSeconds);
            queue.AddAfter(key, pause);
        }
        finally
        {
            queue.Done(key);
            metrics.Reconciled(time.GetElapsedTime(started), succeeded);
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning, Message = "Reconciliation failed, trying again in {Seconds:0.0} s: {Error}")]
    private static partial void LogFailed(ILogger logger, double seconds, string error);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "Reconciliation failed unexpectedly, trying again in {Seconds:0.0} s; please report this")]
    private static partial void LogCrashed(ILogger logger, Exception exception, double seconds);
}
