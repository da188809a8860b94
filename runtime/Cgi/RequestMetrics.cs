using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;

namespace Wagi.Runtime.Cgi;

/// <summary>The instruments of all handlers; one per process.</summary>
public sealed class RequestMetrics : IDisposable
{
    /// <summary>Name of the meter of requests, whose instruments have series for each module.</summary>
    public const string MeterName = "Wagi.Runtime";

    /// <summary>What becomes of a request that no module answers.</summary>
    internal const string NoRoute = "no_route";

    private readonly Meter _meter;
    private readonly ConcurrentDictionary<HandlerMetrics, byte> _handlers = new();

    /// <summary>What handlers have counted that are gone: a counter never goes back.</summary>
    private readonly Dictionary<RequestLabels, long> _counted = [];

    private readonly Dictionary<PartLabels, long> _countedParts = [];

    /// <summary>Adding up waits while a handler goes, so that it is found here or there, and not twice.</summary>
    private readonly Lock _leaving = new();
    private readonly UnroutedCounter _unrouted = new(NoRoute);
    private readonly UnroutedCounter _refused = new(HandlerMetrics.NameOf(RequestOutcome.BadRequest));

    /// <summary>Creates the instruments.</summary>
    public RequestMetrics()
    {
        _meter = new Meter(MeterName);
        _meter.CreateObservableCounter("wagi_requests_total", ObserveRequests, description: "Requests by module, class of the status code, and outcome.");
        Duration = _meter.CreateHistogram(
            "wagi_request_duration_seconds", "s", "Time from the request's headers to the end of the answer.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries =
                    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
            });
        _meter.CreateObservableCounter(
            "wagi_request_part_seconds_total", ObserveParts, description: "Where the time of requests went, by module and part.");
        Outbound = new OutboundMetrics(_meter);
        _meter.CreateObservableUpDownCounter(
            "wagi_requests_running", () => Observe(handler => handler.Running), description: "Requests whose guest runs now, by module.");
        _meter.CreateObservableUpDownCounter(
            "wagi_requests_waiting", () => Observe(handler => handler.Waiting), description: "Requests that wait for their turn, by module.");
        _meter.CreateObservableUpDownCounter(
            "wagi_body_bytes", ObserveBodies, description: "Bytes of bodies kept for clients that send or read slowly, by module and medium.");
    }

    internal Histogram<double> Duration { get; }

    /// <summary>Those of the requests that guests send.</summary>
    internal OutboundMetrics Outbound { get; }

    /// <summary>Counts a request that no module answered.</summary>
    /// <param name="status">The status code that was sent.</param>
    internal void RecordUnrouted(int status) => _unrouted.Add(status);

    /// <summary>Counts a request that is no HTTP, so that the server refused it.</summary>
    /// <param name="status">The status code that was sent.</param>
    internal void RecordRefused(int status) => _refused.Add(status);

    internal void Add(HandlerMetrics handler) => _handlers[handler] = 0;

    internal void Remove(HandlerMetrics handler)
    {
        lock (_leaving)
        {
            _handlers.TryRemove(handler, out _);
            Keep(handler.Counted, _counted);
            Keep(handler.CountedParts, _countedParts);
        }
    }

    /// <summary>Adds what has been counted so far to the figures of each module.</summary>
    /// <param name="figures">Gives the figures of a module, by its id; null: nobody asks for them.</param>
    internal void AddTo(Func<string, ModuleFigures?> figures)
    {
        lock (_leaving)
        {
            var gates = new HashSet<ConcurrencyGate>();
            foreach (var handler in _handlers.Keys)
            {
                if (figures(handler.Module) is { } module)
                {
                    handler.AddTo(module, isFirstOfGate: gates.Add(handler.Gate));
                }
            }

            foreach (var (labels, count) in _counted)
            {
                if (figures(labels.Module) is { } module)
                {
                    module.Requests += count;
                    module.Errors += HandlerMetrics.IsError(labels) ? count : 0;
                }
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static void Keep<T>(IEnumerable<KeyValuePair<T, long>> counted, Dictionary<T, long> kept)
        where T : notnull
    {
        foreach (var (labels, count) in counted)
        {
            kept[labels] = kept.GetValueOrDefault(labels) + count;
        }
    }

    private List<Measurement<long>> ObserveRequests()
    {
        lock (_leaving)
        {
            return
            [
                .. _counted.Concat(_handlers.Keys.SelectMany(handler => handler.Counted))
                    .Concat([.. _unrouted.Counted, .. _refused.Counted])
                    .GroupBy(count => count.Key, count => count.Value)
                    .Select(group => (Labels: group.Key, Count: group.Sum()))
                    .Where(group => group.Count > 0)
                    .Select(group => new Measurement<long>(
                        group.Count,
                        new KeyValuePair<string, object?>("module", group.Labels.Module),
                        new KeyValuePair<string, object?>("code", group.Labels.Code),
                        new KeyValuePair<string, object?>("outcome", group.Labels.Outcome))),
            ];
        }
    }

    private List<Measurement<double>> ObserveParts()
    {
        lock (_leaving)
        {
            return
            [
                .. _countedParts.Concat(_handlers.Keys.SelectMany(handler => handler.CountedParts))
                    .GroupBy(count => count.Key, count => count.Value)
                    .Select(group => new Measurement<double>(
                        TimeSpan.FromTicks(group.Sum()).TotalSeconds,
                        new KeyValuePair<string, object?>("module", group.Key.Module), new KeyValuePair<string, object?>("part", group.Key.Part))),
            ];
        }
    }

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

    // Two handlers of one module live side by side for a while when it is replaced; those of one application share a gate.
    private IEnumerable<Measurement<int>> Observe(Func<HandlerMetrics, int> value) => _handlers.Keys
        .DistinctBy(handler => handler.Gate)
        .GroupBy(handler => handler.Module)
        .Select(group => new Measurement<int>(group.Sum(value), new KeyValuePair<string, object?>("module", group.Key)));

    /// <summary>Counts requests without a module.</summary>
    /// <param name="outcome">What becomes of them.</param>
    private sealed class UnroutedCounter(string outcome)
    {
        private readonly StripedCounter _byClient = new();
        private readonly StripedCounter _byServer = new();

        public IEnumerable<KeyValuePair<RequestLabels, long>> Counted =>
            [new(new RequestLabels("", "4xx", outcome), _byClient.Value), new(new RequestLabels("", "5xx", outcome), _byServer.Value)];

        public void Add(int status) => (status < StatusCodes.Status500InternalServerError ? _byClient : _byServer).Increment();
    }
}

/// <summary>What requests are counted by.</summary>
/// <param name="Module">The module's id; empty: none.</param>
/// <param name="Code">The class of the status code.</param>
/// <param name="Outcome">What became of them.</param>
internal sealed record RequestLabels(string Module, string Code, string Outcome);

/// <summary>What the time of requests is added up by.</summary>
/// <param name="Module">The module's id.</param>
/// <param name="Part">What it went into.</param>
internal sealed record PartLabels(string Module, string Part);

/// <summary>What has been counted of the requests of one module.</summary>
internal sealed class ModuleFigures
{
    /// <summary>Requests, those to versions before the present one included.</summary>
    public long Requests { get; set; }

    /// <summary>Those of them with a status from 500 on, and those whose answer broke off because the module failed.</summary>
    public long Errors { get; set; }

    /// <summary>Requests whose guest runs now.</summary>
    public int Running { get; set; }

    /// <summary>Requests that wait for their turn.</summary>
    public int Waiting { get; set; }

    /// <summary>The most memory that a run was seen to have, in bytes, since the module was loaded; 0: none was seen.</summary>
    public long Memory { get; set; }

    /// <summary>How long requests took, since the module was loaded: the buckets of <see cref="LatencyHistogram"/>.</summary>
    public long[] Latencies { get; } = new long[LatencyHistogram.Buckets];

    /// <summary>Back to nothing.</summary>
    public void Clear()
    {
        (Requests, Errors, Running, Waiting, Memory) = (0, 0, 0, 0, 0);
        Array.Clear(Latencies);
    }
}

/// <summary>The metrics of one handler.</summary>
internal sealed class HandlerMetrics : IDisposable
{
    private static readonly string[] Classes = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];
    private static readonly string[] Outcomes =
    [
        "completed", "completed_with_exit_code", "trapped", "exited", "deadline_exceeded", "malformed_response", "bad_request", "body_too_large",
        "no_room_for_body", "client_too_slow", "saturated", "rate_limited", "cancelled", "failed",
    ];

    /// <summary>In the order of <see cref="RequestParts"/>.</summary>
    private static readonly string[] Parts = ["waiting", "receiving", "instance", "guest", "outbound"];

    private readonly RequestMetrics _metrics;
    private readonly KeyValuePair<string, object?> _module;
    private readonly StripedCounter?[] _counters = new StripedCounter?[Outcomes.Length * Classes.Length];
    private readonly StripedCounter?[] _parts = new StripedCounter?[Parts.Length];
    private LatencyHistogram? _latencies;
    private long _memory;

    public HandlerMetrics(RequestMetrics metrics, string module, ConcurrencyGate gate, ModuleBodies bodies)
    {
        _metrics = metrics;
        Gate = gate;
        Module = module;
        Bodies = bodies;
        _module = new KeyValuePair<string, object?>("module", module);
        metrics.Add(this);
    }

    /// <summary>An outcome as it is written.</summary>
    public static string NameOf(RequestOutcome outcome) => Outcomes[(int)outcome];

    public string Module { get; }

    public ModuleBodies Bodies { get; }

    public ConcurrencyGate Gate { get; }

    /// <summary>The requests so far.</summary>
    public IEnumerable<KeyValuePair<RequestLabels, long>> Counted
    {
        get
        {
            for (var i = 0; i < _counters.Length; i++)
            {
                if (Volatile.Read(ref _counters[i]) is { } counter)
                {
                    yield return new(new RequestLabels(Module, Classes[i % Classes.Length], Outcomes[i / Classes.Length]), counter.Value);
                }
            }
        }
    }

    /// <summary>Where the time of the requests so far went, in ticks of <see cref="TimeSpan"/>.</summary>
    public IEnumerable<KeyValuePair<PartLabels, long>> CountedParts
    {
        get
        {
            for (var i = 0; i < _parts.Length; i++)
            {
                if (Volatile.Read(ref _parts[i]) is { } counter)
                {
                    yield return new(new PartLabels(Module, Parts[i]), counter.Value);
                }
            }
        }
    }

    public int Running => Gate.Inside;

    public int Waiting => Gate.Waiting;

    /// <param name="outcome">What became of the request.</param>
    /// <param name="status">The status code that was sent; 0 when nobody was there to receive one.</param>
    /// <param name="duration">How long it took.</param>
    /// <param name="parts">Where that went; null: it did not come so far.</param>
    public void Record(RequestOutcome outcome, int status, TimeSpan duration, in RequestParts? parts = null)
    {
        CounterOf(_counters, ((int)outcome * Classes.Length) + (status / 100)).Increment();
        Latencies.Add(duration);
        if (parts is { } known)
        {
            ReadOnlySpan<TimeSpan> times = [known.Waiting, known.Receiving, known.Instance, known.Guest, known.Outbound];
            for (var i = 0; i < times.Length; i++)
            {
                if (times[i] > TimeSpan.Zero)
                {
                    CounterOf(_parts, i).Add(times[i].Ticks);
                }
            }
        }

        if (_metrics.Duration.Enabled)
        {
            _metrics.Duration.Record(duration.TotalSeconds, _module);
        }
    }

    /// <param name="bytes">How much memory a run had; 0: nobody has looked.</param>
    public void RecordMemory(long bytes)
    {
        // A race loses one of two runs that both had more than any before: the next one makes up for it.
        if (bytes > Volatile.Read(ref _memory))
        {
            Volatile.Write(ref _memory, bytes);
        }
    }

    /// <summary>Adds what has been counted so far.</summary>
    /// <param name="figures">To what.</param>
    /// <param name="isFirstOfGate">Whether no other handler with the same places was added.</param>
    public void AddTo(ModuleFigures figures, bool isFirstOfGate)
    {
        for (var i = 0; i < _counters.Length; i++)
        {
            if (Volatile.Read(ref _counters[i]) is { } counter)
            {
                var count = counter.Value;
                figures.Requests += count;
                figures.Errors += IsError((RequestOutcome)(i / Classes.Length), i % Classes.Length) ? count : 0;
            }
        }

        figures.Running += isFirstOfGate ? Running : 0;
        figures.Waiting += isFirstOfGate ? Waiting : 0;
        figures.Memory = Math.Max(figures.Memory, Volatile.Read(ref _memory));
        Volatile.Read(ref _latencies)?.AddTo(figures.Latencies);
    }

    /// <summary>Whether requests with these labels are errors of the server: see <see cref="ModuleFigures.Errors"/>.</summary>
    public static bool IsError(RequestLabels labels) =>
        IsError((RequestOutcome)Array.IndexOf(Outcomes, labels.Outcome), Array.IndexOf(Classes, labels.Code));

    private static bool IsError(RequestOutcome outcome, int statusClass) => statusClass == 5 || outcome.IsFailure();

    public void Dispose() => _metrics.Remove(this);

    /// <summary>Made with the first request: most of many modules have none.</summary>
    private LatencyHistogram Latencies => Volatile.Read(ref _latencies)
        ?? Interlocked.CompareExchange(ref _latencies, new LatencyHistogram(), null)
        ?? _latencies!;

    /// <summary>Most modules have a few of all that there might be.</summary>
    private static StripedCounter CounterOf(StripedCounter?[] counters, int index) => Volatile.Read(ref counters[index])
        ?? Interlocked.CompareExchange(ref counters[index], new StripedCounter(), null)
        ?? counters[index]!;
}
