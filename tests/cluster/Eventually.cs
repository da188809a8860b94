using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Wagi.TestCluster;

/// <summary>Waits for a condition with a deadline, so that no test sleeps for a guessed time.</summary>
public static class Eventually
{
    /// <summary>How long to wait unless told otherwise: generous, because a slow machine must not fail a test.</summary>
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Calls <paramref name="probe"/> until <paramref name="condition"/> holds for its value, and returns that value. A probe that throws
    /// counts as not there yet.
    /// </summary>
    /// <param name="probe">Reads the current value; its token is cancelled at the deadline.</param>
    /// <param name="condition">What the value must satisfy.</param>
    /// <param name="deadline">How long to wait; <see cref="DefaultDeadline"/> when null.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <param name="waitingFor">The condition's source text, for the message.</param>
    /// <exception cref="TimeoutException">The deadline passed; the message shows the last value, or the last exception, seen.</exception>
    public static async Task<T> Becomes<T>(
        Func<CancellationToken, Task<T>> probe,
        Func<T, bool> condition,
        TimeSpan? deadline = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(condition))] string waitingFor = "")
    {
        var limit = deadline ?? DefaultDeadline;
        var elapsed = Stopwatch.StartNew();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit);
        var lastSeen = "nothing";
        Exception? lastError = null;

        while (true)
        {
            try
            {
                var value = await probe(timeout.Token);
                lastSeen = value?.ToString() ?? "null";
                lastError = null;
                if (condition(value)) return value;
            }
            catch (Exception e) when (e is not TestToolFailedException && !cancellationToken.IsCancellationRequested)
            {
                // The deadline cuts a probe off: what it saw before says more than that.
                if (!timeout.IsCancellationRequested || lastError is null && lastSeen == "nothing")
                {
                    lastSeen = $"{e.GetType().Name}: {e.Message}";
                    lastError = e;
                }
            }

            if (elapsed.Elapsed >= limit)
                throw new TimeoutException($"Waited {limit.TotalSeconds:0.#} s for: {waitingFor}\nLast seen: {lastSeen}", lastError);
            await Task.Delay(Interval, cancellationToken);
        }
    }

    /// <inheritdoc cref="Becomes{T}(Func{CancellationToken, Task{T}}, Func{T, bool}, TimeSpan?, CancellationToken, string)"/>
    public static Task<T> Becomes<T>(
        Func<T> probe,
        Func<T, bool> condition,
        TimeSpan? deadline = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(condition))] string waitingFor = "") =>
        Becomes(_ => Task.FromResult(probe()), condition, deadline, cancellationToken, waitingFor);

    /// <summary>Waits until <paramref name="assertion"/> passes; the error is the assertion's own, of its last try.</summary>
    /// <exception cref="TimeoutException">The deadline passed; the inner exception is the assertion's.</exception>
    public static Task Passes(
        Func<CancellationToken, Task> assertion,
        TimeSpan? deadline = null,
        CancellationToken cancellationToken = default,
        [CallerArgumentExpression(nameof(assertion))] string waitingFor = "") =>
        Becomes(
            async token =>
            {
                await assertion(token);
                return true;
            },
            passed => passed,
            deadline,
            cancellationToken,
            waitingFor);
}
