using Wagi.Modules.Limits;

namespace Wagi.Runtime.Outbound;

/// <summary>Bounds of the HTTP requests that modules send.</summary>
public sealed record OutboundLimits
{
    /// <summary>Responses that all requests to one module hold open together, unless its entry has <c>http_max_concurrency</c>.</summary>
    public int MaxConcurrency { get; init; } = ModuleLimits.DefaultHttpConcurrency;

    /// <summary>The largest response body, in bytes.</summary>
    public long MaxResponseBody { get; init; } = 32L << 20;

    /// <summary>
    /// How long one request may take, redirects and the reading of its body included. The time of the request that the guest answers
    /// goes before it.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
