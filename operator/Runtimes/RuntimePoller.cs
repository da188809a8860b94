using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Operator.Loops;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Runtimes;

/// <summary>
/// Asks every runtime what it really serves, each in a loop of its own, so that one that hangs delays no other.
/// </summary>
internal sealed partial class RuntimePoller : IDisposable
{
    private const int LargestStatus = 64 << 20;

    private readonly RuntimePace _pace;
    private readonly TimeProvider _time;
    private readonly ILogger<RuntimePoller> _logger;
    private readonly Lock _lock = new();
    private readonly Dictionary<RuntimeEndpoint, (RuntimeProbe Probe, CancellationTokenSource Stop)> _probes = [];
    private readonly LoopGroup _loops;

    // Runtimes are asked directly: a proxy named by environment variables cannot reach pods.
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = LargestStatus,
    };

    private bool _settled;

    public RuntimePoller(RuntimePace pace, TimeProvider time, ILogger<RuntimePoller> logger)
    {
        _pace = pace;
        _time = time;
        _logger = logger;
        _loops = new LoopGroup(TimeSpan.FromMinutes(1) + pace.Settled + pace.Timeout, time);
    }

    /// <summary>Raised after <see cref="Reports"/> changed. Handlers must not block.</summary>
    public event Action? Changed;

    /// <summary>What the runtimes reported last, by name: one element for every runtime.</summary>
    public ImmutableArray<RuntimeReport> Reports
    {
        get
        {
            lock (_lock)
            {
                return [.. _probes.Values.Select(probe => probe.Probe.Report).OrderBy(report => report.Name, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>
    /// Sets which runtimes there are and which of them receive requests. New ones are asked from now on; those that are gone are forgotten.
    /// </summary>
    public void Follow(IReadOnlyDictionary<RuntimeEndpoint, bool> isReady)
    {
        lock (_lock)
        {
            foreach (var gone in _probes.Keys.Except(isReady.Keys).ToList())
            {
                LogGone(_logger, gone.Name);
                if (_probes.Remove(gone, out var probe))
                {
                    probe.Stop.Cancel();
                }
            }

            foreach (var endpoint in isReady.Keys.Where(endpoint => !_probes.ContainsKey(endpoint)))
            {
                LogFollowing(_logger, endpoint.Name, endpoint.Status);
                var probe = new RuntimeProbe(endpoint, _http, _pace, _time, () => Changed?.Invoke()) { IsReady = isReady[endpoint] };
                probe.Settle(_settled);
                _probes[endpoint] = (probe, _loops.Start($"asking {endpoint.Name}", probe.RunAsync));
            }

            foreach (var (endpoint, ready) in isReady)
            {
                _probes[endpoint].Probe.SetReady(ready);
            }
        }
    }

    /// <summary>Waits until cancelled, while runtimes are asked.</summary>
    /// <exception cref="InvalidOperationException">A loop that asks a runtime has ended by a mistake of this program.</exception>
    public Task RunAsync(LoopProgress progress, CancellationToken cancellationToken) => _loops.RunAsync(progress, cancellationToken);

    /// <summary>Waits until every runtime has been asked once, answer or not.</summary>
    public Task AskedAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.WhenAll(_probes.Values.Select(probe => probe.Probe.Asked)).WaitAsync(cancellationToken);
        }
    }

    /// <summary>The configuration has changed: ask now and often.</summary>
    public void Hurry()
    {
        lock (_lock)
        {
            foreach (var (probe, _) in _probes.Values)
            {
                probe.Hurry();
            }
        }
    }

    /// <summary>Whether the runtimes have nothing under way, so that there is little need to ask.</summary>
    public void Settle(bool settled)
    {
        lock (_lock)
        {
            _settled = settled;
            foreach (var (probe, _) in _probes.Values)
            {
                probe.Settle(settled);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Follow(ImmutableDictionary<RuntimeEndpoint, bool>.Empty);
        _http.Dispose();
    }

    [LoggerMessage(EventId = 401, Level = LogLevel.Information, Message = "Runtime {Runtime} reports at {Address}")]
    private static partial void LogFollowing(ILogger logger, string runtime, Uri address);

    [LoggerMessage(EventId = 402, Level = LogLevel.Information, Message = "Runtime {Runtime} is gone")]
    private static partial void LogGone(ILogger logger, string runtime);
}
