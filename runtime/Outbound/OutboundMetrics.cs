using System.Diagnostics.Metrics;

namespace Wagi.Runtime.Outbound;

/// <summary>Counts the requests that guests send; one per process.</summary>
internal sealed class OutboundMetrics(Meter meter)
{
    private static readonly string[] Outcomes =
        ["completed", "invalid", "not_allowed", "too_many_sessions", "failed", "timed_out", "cancelled"];

    private readonly Counter<long> _requests = meter.CreateCounter<long>(
        "wagi_outbound_requests_total", description: "HTTP requests that guests sent, by module and outcome.");

    public void Record(string module, OutboundOutcome outcome)
    {
        if (_requests.Enabled)
        {
            _requests.Add(
                1, new KeyValuePair<string, object?>("module", module), new KeyValuePair<string, object?>("outcome", Outcomes[(int)outcome]));
        }
    }
}

/// <summary>What became of a request that a guest sent; the label <c>outcome</c> of its metric.</summary>
internal enum OutboundOutcome
{
    /// <summary>It was answered, with whatever status, and the guest has read of the body what it wanted.</summary>
    Completed,

    /// <summary>It could not be sent: URL, method or headers are wrong.</summary>
    Invalid,

    /// <summary>It, or a redirect, led to an origin that is not allowed.</summary>
    NotAllowed,

    /// <summary>Too many responses were open.</summary>
    TooManySessions,

    /// <summary>No connection, a broken or oversized answer, too many redirects.</summary>
    Failed,

    /// <summary>It took longer than a request may.</summary>
    TimedOut,

    /// <summary>The guest was stopped meanwhile.</summary>
    Cancelled,
}
