using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Wagi.Modules.Outbound;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Outbound;

/// <summary>What one module may reach by HTTP, and how much of it at a time. Shared by all of its instances.</summary>
internal sealed partial class OutboundAccess
{
    private readonly ImmutableArray<AllowedHost> _allowedHosts;
    private readonly ConcurrencyGate _sessions;
    private readonly OutboundMetrics _metrics;
    private readonly LineBudget _lines;
    private readonly string _module;
    private readonly ILogger _logger;

    /// <param name="module">The module's name in logs and metrics.</param>
    /// <param name="allowedHosts">The origins that it may reach.</param>
    /// <param name="client">Sends the requests.</param>
    /// <param name="limits">Bounds of a request.</param>
    /// <param name="metrics">The process's instruments.</param>
    /// <param name="lines">How much may be logged of it.</param>
    /// <param name="logger">Where requests go that failed.</param>
    public OutboundAccess(
        string module, ImmutableArray<AllowedHost> allowedHosts, OutboundClient client, OutboundLimits limits, RequestMetrics metrics,
        LineBudget lines, ILogger logger)
    {
        Client = client;
        Limits = limits;
        _allowedHosts = allowedHosts;
        _sessions = new ConcurrencyGate(limits.MaxConcurrency, queue: 0);
        _metrics = new OutboundMetrics(metrics, module);
        _module = module;
        _lines = lines;
        _logger = logger;
    }

    public OutboundClient Client { get; }

    public OutboundLimits Limits { get; }

    /// <summary>Responses of the module that are open.</summary>
    public int Open => _sessions.Inside;

    public string TimeIsUp => string.Create(CultureInfo.InvariantCulture, $"it took longer than {Limits.Timeout.TotalSeconds} s");

    public string BodyIsTooLarge => string.Create(CultureInfo.InvariantCulture, $"the response body is larger than {Limits.MaxResponseBody} bytes");

    /// <summary>Whether requests may go to this URL's origin: none may unless an entry of <c>allowed_hosts</c> says so.</summary>
    public bool Allows(Uri destination)
    {
        foreach (var host in _allowedHosts)
        {
            if (host.Allows(destination))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes the place of one response; false when all are taken.</summary>
    public bool TryEnter() => _sessions.TryEnter();

    /// <summary>Gives it back.</summary>
    public void Leave() => _sessions.Leave();

    /// <summary>Counts a request that is over.</summary>
    public void Record(OutboundOutcome outcome) => _metrics.Record(outcome);

    /// <summary>Tells the module's owner why a request failed; never more than scheme, host and port of its URL, which may hold secrets.</summary>
    public void Report(Uri target, string reason)
    {
        if (_lines.TryTake(out _))
        {
            LogFailed(_module, OutboundClient.OriginOf(target), reason);
        }
    }
}
