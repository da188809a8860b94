using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>The metrics of one handler, with their labels made once.</summary>
internal sealed class HandlerMetrics : IDisposable
{
    private static readonly string[] Classes = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];
    private static readonly string[] Outcomes =
    [
        "completed", "completed_with_exit_code", "trapped", "deadline_exceeded", "malformed_response", "body_too_large",
        "saturated", "cancelled", "failed",
    ];

    private readonly RequestMetrics _metrics;
    private readonly ConcurrencyGate _gate;
    private readonly KeyValuePair<string, object?> _module;
    private readonly KeyValuePair<string, object?>[]?[] _labels =
        new KeyValuePair<string, object?>[]?[Outcomes.Length * Classes.Length];

    public HandlerMetrics(RequestMetrics metrics, string module, ConcurrencyGate gate)
    {
        _metrics = metrics;
        _gate = gate;
        Module = module;
        _module = new KeyValuePair<string, object?>("module", module);
        metrics.Add(this);
    }

    public string Module { get; }

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
