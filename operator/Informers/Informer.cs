using System.Collections.Immutable;
using System.Net.Http;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Retries;

namespace Wagi.Operator.Informers;

/// <summary>An <see cref="Informer{T}"/>, whatever it keeps a copy of.</summary>
internal interface IInformer
{
    /// <summary>What it keeps a copy of.</summary>
    string Name { get; }

    /// <summary>Completes when the copy is complete for the first time.</summary>
    Task Synced { get; }

    /// <summary>Why the copy cannot be kept up to date right now; null when all is well.</summary>
    string? Trouble { get; }

    /// <summary>Follows the resource until cancelled. When the server or the network fails, it logs that, waits and tries again.</summary>
    Task RunAsync(LoopProgress progress, CancellationToken cancellationToken);
}

/// <summary>
/// Keeps a copy of a resource: lists it once, then follows the watch, resumes it where it broke off, and lists again only when
/// the server no longer remembers (410 Gone). It survives an API server that goes away and comes back. The role and name of
/// client-go's informer.
/// </summary>
internal sealed partial class Informer<T> : IInformer
    where T : class
{
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromSeconds(1);

    private readonly IListWatch<T> _source;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Backoff _backoff;
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _writing = new();
    private ImmutableDictionary<ObjectKey, T> _objects = ImmutableDictionary<ObjectKey, T>.Empty;
    private volatile string? _trouble;
    private bool _connected;

    /// <param name="source">What to keep a copy of.</param>
    /// <param name="time">The clock of the pauses.</param>
    /// <param name="logger">Hears of lost and regained connections.</param>
    /// <param name="backoff">The pauses between tries; half a second to half a minute when null.</param>
    public Informer(IListWatch<T> source, TimeProvider time, ILogger logger, Backoff? backoff = null)
    {
        _source = source;
        _time = time;
        _logger = logger;
        _backoff = backoff ?? new Backoff(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));
    }

    /// <summary>Raised after <see cref="Objects"/> changed, with the key that did. Handlers must not block.</summary>
    public event Action<ObjectKey>? Changed;

    /// <summary>The objects as of now: an immutable snapshot. Empty before <see cref="Synced"/>.</summary>
    public ImmutableDictionary<ObjectKey, T> Objects => Volatile.Read(ref _objects);

    /// <inheritdoc/>
    public Task Synced => _synced.Task;

    /// <inheritdoc/>
    public string Name => _source.Name;

    /// <inheritdoc/>
    public string? Trouble => _trouble;

    /// <inheritdoc/>
    public async Task RunAsync(LoopProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        string? resourceVersion = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                resourceVersion ??= await ListAsync(cancellationToken);
                progress.Completed();
                var started = _time.GetTimestamp();
                await foreach (var change in _source.WatchAsync(resourceVersion, cancellationToken))
                {
                    Connected();
                    Take(change);
                    resourceVersion = change.ResourceVersion;
                    progress.Completed();
                }

                // The server ended the watch, as it does every few minutes. A watch that always ends at once must not make this loop spin.
                if (_time.GetElapsedTime(started) < ShortestWatch)
                {
                    await PauseAsync(cancellationToken);
                }
                else
                {
                    Connected();
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (ApiServerException exception) when (exception.IsExpired)
            {
                LogExpired(_logger, Name, resourceVersion ?? "");
                resourceVersion = null;
                await PauseAsync(cancellationToken);
            }
            catch (Exception exception) when (IsTrouble(exception))
            {
                await TroubledAsync(exception, cancellationToken);
            }

            progress.Completed();
        }
    }

    /// <summary>
    /// Takes the answer to a write before the watch reports it, so that the writer reads what it wrote. Does nothing when the copy is no
    /// longer <paramref name="before"/>.
    /// </summary>
    public void Advance(T before, T after)
    {
        var key = _source.Identify(after).Key;
        lock (_writing)
        {
            if (_objects.TryGetValue(key, out var current) && ReferenceEquals(current, before))
            {
                Volatile.Write(ref _objects, _objects.SetItem(key, after));
            }
        }
    }

    private static bool IsTrouble(Exception exception) =>
        ApiServerException.IsTransient(exception) || exception is OperationCanceledException or InvalidOperationException;

    private async Task<string> ListAsync(CancellationToken cancellationToken)
    {
        var list = await _source.ListAsync(cancellationToken);
        var after = list.Items.ToImmutableDictionary(item => _source.Identify(item).Key);
        ImmutableDictionary<ObjectKey, T> before;
        lock (_writing)
        {
            before = _objects;
            Volatile.Write(ref _objects, after);
        }

        _trouble = null;
        LogListed(_logger, Name, after.Count);
        _synced.TrySetResult();

        foreach (var (key, item) in after)
        {
            if (!before.TryGetValue(key, out var old) || _source.Identify(old) != _source.Identify(item))
            {
                Changed?.Invoke(key);
            }
        }

        foreach (var key in before.Keys)
        {
            if (!after.ContainsKey(key))
            {
                Changed?.Invoke(key);
            }
        }

        return list.ResourceVersion;
    }

    private void Take(WatchEvent<T> change)
    {
        if (change.Object is not { } item)
        {
            return;
        }

        var identity = _source.Identify(item);
        lock (_writing)
        {
            // Already known from the answer to a write.
            var isKnown = _objects.TryGetValue(identity.Key, out var known) && _source.Identify(known) == identity;
            if (isKnown && change.Type == WatchEventType.Stored)
            {
                return;
            }

            Volatile.Write(
                ref _objects,
                change.Type == WatchEventType.Deleted ? _objects.Remove(identity.Key) : _objects.SetItem(identity.Key, item));
        }

        Changed?.Invoke(identity.Key);
    }

    private void Connected()
    {
        _backoff.Reset();
        _trouble = null;
        if (_connected)
        {
            return;
        }

        _connected = true;
        LogConnected(_logger, Name);
    }

    private async Task TroubledAsync(Exception exception, CancellationToken cancellationToken)
    {
        // Once per outage: the next attempts would only repeat it.
        if (_connected || _backoff.Failures == 0)
        {
            LogTrouble(_logger, Name, exception.Message);
        }

        _connected = false;
        _trouble = exception.Message;
        await PauseAsync(cancellationToken, (exception as ApiServerException)?.RetryAfter);
    }

    private async Task PauseAsync(CancellationToken cancellationToken, TimeSpan? atLeast = null)
    {
        try
        {
            var pause = _backoff.Next();
            await Task.Delay(atLeast > pause ? atLeast.Value : pause, _time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The loop ends.
        }
    }

    [LoggerMessage(EventId = 101, Level = LogLevel.Information, Message = "Watching {Resource}")]
    private static partial void LogConnected(ILogger logger, string resource);

    [LoggerMessage(EventId = 102, Level = LogLevel.Debug, Message = "Listed {Count} {Resource}")]
    private static partial void LogListed(ILogger logger, string resource, int count);

    [LoggerMessage(EventId = 103, Level = LogLevel.Debug, Message = "Watch of {Resource} at {ResourceVersion} has expired; listing again")]
    private static partial void LogExpired(ILogger logger, string resource, string resourceVersion);

    [LoggerMessage(EventId = 104, Level = LogLevel.Warning, Message = "Cannot watch {Resource}, trying again: {Error}")]
    private static partial void LogTrouble(ILogger logger, string resource, string error);
}
