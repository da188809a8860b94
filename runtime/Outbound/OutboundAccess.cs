using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Wagi.Modules.Limits;
using Wagi.Modules.Outbound;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Outbound;

/// <summary>What one module may reach by HTTP, and how much of it at a time. Shared by all of its instances.</summary>
internal sealed partial class OutboundAccess
{
    private static readonly RunState<OutboundAccess> State = new();

    private readonly ImmutableArray<AllowedHost> _allowedHosts;
    private readonly ConcurrencyGate _sessions;
    private readonly OutboundMetrics _metrics;
    private readonly ILogger _logger;

    /// <param name="module">The module's name in logs and metrics.</param>
    /// <param name="tenant">Whose it is; empty: nobody's in particular.</param>
    /// <param name="allowedHosts">The origins that it may reach.</param>
    /// <param name="client">Sends the requests.</param>
    /// <param name="limits">Bounds of a request.</param>
    /// <param name="metrics">The process's instruments.</param>
    /// <param name="logger">Where requests go that failed.</param>
    public OutboundAccess(
        string module, string tenant, ImmutableArray<AllowedHost> allowedHosts, OutboundClient client, OutboundLimits limits, OutboundMetrics metrics, ILogger logger)
    {
        Client = client;
        Limits = limits;
        _allowedHosts = allowedHosts;
        _sessions = new ConcurrencyGate(limits.MaxConcurrency, queue: 0);
        _metrics = metrics;
        Module = module;
        Requester = tenant.Length > 0 ? tenant : module;
        _logger = logger;
    }

    /// <summary>What a run may reach; null: nothing.</summary>
    public static OutboundAccess? Of(GuestRun run) => State.Of(run);

    /// <summary>Lets a run that has not begun reach it, until the run is reset.</summary>
    public void Grant(GuestRun run) => State.Set(run, this);

    /// <summary>The module's name in logs and metrics.</summary>
    public string Module { get; }

    /// <summary>Who has names resolved: all modules of a tenant together, for what they ask for goes on when they have ended.</summary>
    public string Requester { get; }

    public OutboundClient Client { get; }

    public OutboundLimits Limits { get; }

    /// <summary>Responses of the module that are open.</summary>
    public int Open => _sessions.Inside;

    public string TimeIsUp => string.Create(CultureInfo.InvariantCulture, $"it took longer than {Limits.Timeout.TotalSeconds} s");

    public string BodyIsTooLarge => string.Create(CultureInfo.InvariantCulture, $"the response body is larger than {Limits.MaxResponseBody} bytes");

    /// <summary>Whether a response says of its body that it is too large.</summary>
    public bool IsTooLarge(HttpResponseMessage response) =>
        response.Content.Headers.ContentLength > Limits.MaxResponseBody && response.RequestMessage?.Method != HttpMethod.Head;

    /// <summary>Whether requests may go to this URL's origin: none may unless an entry of <c>allowed_hosts</c> says so.</summary>
    /// <param name="destination">The URL.</param>
    /// <param name="byName">Whether the entry has to name the origin: one that allows everything does not count.</param>
    public bool Allows(Uri destination, bool byName)
    {
        foreach (var host in _allowedHosts)
        {
            if (host.Allows(destination) && !(byName && host.AllowsEverything))
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
    public void Record(OutboundOutcome outcome) => _metrics.Record(Module, outcome);

    /// <summary>Tells the module's owner why a request failed; never more than scheme, host and port of its URL, which may hold secrets.</summary>
    public void Report(GuestRun run, Uri target, string reason)
    {
        if (run.RequestId is { } request)
        {
            LogFailed(Module, request(), OutboundClient.OriginOf(target), reason);
        }
        else
        {
            LogFailed(Module, OutboundClient.OriginOf(target), reason);
        }
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "{Module} {Request} got no answer from {Origin} by outbound HTTP: {Reason}")]
    private partial void LogFailed(string module, string request, string origin, string reason);

    [LoggerMessage(EventId = 41, Level = LogLevel.Warning, Message = "{Module} got no answer from {Origin} by outbound HTTP: {Reason}")]
    private partial void LogFailed(string module, string origin, string reason);
}

/// <summary>Bounds of the HTTP requests that modules send.</summary>
public sealed record OutboundLimits
{
    /// <summary>Responses that all requests to one module hold open together, unless its entry has <c>http_max_concurrency</c>.</summary>
    public int MaxConcurrency { get; init; } = ModuleLimits.DefaultHttpConcurrency;

    /// <summary>The largest response body, in bytes.</summary>
    public long MaxResponseBody { get; init; } = 32L << 20;

    /// <summary>
    /// How long one request may take, including redirects and reading its body. The deadline of the request that the guest answers ends it
    /// sooner.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
