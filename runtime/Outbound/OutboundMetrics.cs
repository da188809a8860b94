using Wagi.Runtime.Cgi;

namespace Wagi.Runtime.Outbound;

/// <summary>Counts the requests that one module sends, with its labels made once.</summary>
internal sealed class OutboundMetrics(RequestMetrics metrics, string module)
{
    private static readonly string[] Outcomes =
        ["completed", "invalid", "not_allowed", "too_many_sessions", "failed", "timed_out", "cancelled"];

    private readonly KeyValuePair<string, object?>[]?[] _labels = new KeyValuePair<string, object?>[]?[Outcomes.Length];

    public void Record(OutboundOutcome outcome)
    {
        if (metrics.OutboundRequests.Enabled)
        {
            metrics.OutboundRequests.Add(1, _labels[(int)outcome] ??=
            [
                new KeyValuePair<string, object?>("module", module),
                new KeyValuePair<string, object?>("outcome", Outcomes[(int)outcome]),
            ]);
        }
    }
}
