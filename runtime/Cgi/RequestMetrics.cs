using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Wagi.Runtime.Cgi;

/// <summary>The instruments of all handlers; one per process.</summary>
public sealed class RequestMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "wagi";

    private readonly Meter _meter;
    private readonly ConcurrentDictionary<HandlerMetrics, byte> _handlers = new();

    /// <summary>Creates the instruments.</summary>
    public RequestMetrics()
    {
        _meter = new Meter(MeterName);
        Requests = _meter.CreateCounter<long>(
            "wagi_requests_total", description: "Requests by module, class of the status code, and outcome.");
        Duration = _meter.CreateHistogram(
            "wagi_request_duration_seconds", "s", "Time from the request's headers to the end of the answer.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries =
                    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
            });
        OutboundRequests = _meter.CreateCounter<long>(
            "wagi_outbound_requests_total", description: "HTTP requests that guests sent, by module and outcome.");
        _meter.CreateObservableUpDownCounter(
            "wagi_requests_running", () => Observe(handler => handler.Running), description: "Requests whose guest runs now, by module.");
        _meter.CreateObservableUpDownCounter(
            "wagi_requests_waiting", () => Observe(handler => handler.Waiting), description: "Requests that wait for their turn, by module.");
    }

    internal Counter<long> Requests { get; }

    internal Histogram<double> Duration { get; }

    internal Counter<long> OutboundRequests { get; }

    /// <summary>Counts a request that no module answered.</summary>
    /// <param name="status">The status code that was sent.</param>
    internal void RecordUnrouted(int status) => Requests.Add(
        1,
        new KeyValuePair<string, object?>("module", ""),
        new KeyValuePair<string, object?>("code", $"{status / 100}xx"),
        new KeyValuePair<string, object?>("outcome", "no_route"));

    internal void Add(HandlerMetrics handler) => _handlers[handler] = 0;

    internal void Remove(HandlerMetrics handler) => _handlers.TryRemove(handler, out _);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    // Two handlers of one module live side by side for a while when it is replaced.
    private IEnumerable<Measurement<int>> Observe(Func<HandlerMetrics, int> value) => _handlers.Keys
        .GroupBy(handler => handler.Module)
        .Select(group => new Measurement<int>(group.Sum(value), new KeyValuePair<string, object?>("module", group.Key)));
}
