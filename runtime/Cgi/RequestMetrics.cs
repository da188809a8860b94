using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;

namespace Wagi.Runtime.Cgi;

/// <summary>The instruments of all handlers; one per process.</summary>
public sealed class RequestMetrics : IDisposable
{
    /// <summary>Name of the meter that all instruments of this program belong to.</summary>
    public const string MeterName = "Wagi.Runtime";

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
        Outbound = new OutboundMetrics(_meter);
        _meter.CreateObservableUpDownCounter(
            "wagi_requests_running", () => Observe(handler => handler.Running), description: "Requests whose guest runs now, by module.");
        _meter.CreateObservableUpDownCounter(
            "wagi_requests_waiting", () => Observe(handler => handler.Waiting), description: "Requests that wait for their turn, by module.");
        _meter.CreateObservableUpDownCounter(
            "wagi_body_bytes", ObserveBodies, description: "Bytes of bodies kept for clients that send or read slowly, by module and medium.");
    }

    internal Counter<long> Requests { get; }

    internal Histogram<double> Duration { get; }

    /// <summary>Those of the requests that guests send.</summary>
    internal OutboundMetrics Outbound { get; }

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

    // They share what their module may keep.
    private IEnumerable<Measurement<long>> ObserveBodies()
    {
        foreach (var handler in _handlers.Keys.DistinctBy(handler => handler.Module))
        {
            var module = new KeyValuePair<string, object?>("module", handler.Module);
            yield return new(handler.Bodies.Memory.Taken, module, new KeyValuePair<string, object?>("medium", "memory"));
            yield return new(handler.Bodies.Disk.Taken, module, new KeyValuePair<string, object?>("medium", "disk"));
        }
    }

    // Two handlers of one module live side by side for a while when it is replaced.
    private IEnumerable<Measurement<int>> Observe(Func<HandlerMetrics, int> value) => _handlers.Keys
        .GroupBy(handler => handler.Module)
        .Select(group => new Measurement<int>(group.Sum(value), new KeyValuePair<string, object?>("module", group.Key)));
}

/// <summary>The metrics of one handler, with their labels made once.</summary>
internal sealed class HandlerMetrics : IDisposable
{
    private static readonly string[] Classes = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];
    private static readonly string[] Outcomes =
    [
        "completed", "completed_with_exit_code", "trapped", "deadline_exceeded", "malformed_response", "body_too_large",
        "no_room_for_body", "client_too_slow", "saturated", "cancelled", "failed",
    ];

    private readonly RequestMetrics _metrics;
    private readonly ConcurrencyGate _gate;
    private readonly KeyValuePair<string, object?> _module;
    private readonly KeyValuePair<string, object?>[]?[] _labels =
        new KeyValuePair<string, object?>[]?[Outcomes.Length * Classes.Length];

    public HandlerMetrics(RequestMetrics metrics, string module, ConcurrencyGate gate, ModuleBodies bodies)
    {
        _metrics = metrics;
        _gate = gate;
        Module = module;
        Bodies = bodies;
        _module = new KeyValuePair<string, object?>("module", module);
        metrics.Add(this);
    }

    public string Module { get; }

    public ModuleBodies Bodies { get; }

    public int Running => _gate.Inside;

    public int Waiting => _gate.Waiting;

    /// <param name="outcome">What became of the request.</param>
    /// <param name="status">The status code that was sent; 0 when nobody was there to receive one.</param>
    /// <param name="duration">How long it took.</param>
    public void Record(RequestOutcome outcome, int status, TimeSpan duration)
    {
        if (_metrics.Requests.Enabled)
        {
            _metrics.Requests.Add(1, Labels(outcome, status / 100));
        }

        if (_metrics.Duration.Enabled)
        {
            _metrics.Duration.Record(duration.TotalSeconds, _module);
        }
    }

    public void Dispose() => _metrics.Remove(this);

    private KeyValuePair<string, object?>[] Labels(RequestOutcome outcome, int statusClass) =>
        _labels[((int)outcome * Classes.Length) + statusClass] ??=
        [
            _module,
            new KeyValuePair<string, object?>("code", Classes[statusClass]),
            new KeyValuePair<string, object?>("outcome", Outcomes[(int)outcome]),
        ];
}
