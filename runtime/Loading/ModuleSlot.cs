using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;

namespace Wagi.Runtime.Loading;

/// <summary>
/// One entry on its way from configured to served. How its load went and whether its routes are free are two facts: what is reported is
/// made of both. Only <see cref="ModuleHost"/>'s loop touches it.
/// </summary>
internal sealed class ModuleSlot(ModuleEntry desired, DateTimeOffset since)
{
    private LoadResult _load = LoadResult.Loading;
    private string? _conflict;
    private ImmutableArray<LeftOutRoute> _leftOut = [];
    private LoadResult _reported = LoadResult.Loading;
    private DateTimeOffset _since = since;

    /// <summary>What is to be served.</summary>
    public ModuleEntry Desired { get; set; } = desired;

    /// <summary>The secrets for <see cref="Desired"/>.</summary>
    public ModuleSecrets? Secrets { get; set; }

    /// <summary>What is loaded: <see cref="Desired"/>, or the last good version before it, or nothing.</summary>
    public ServedModule? Loaded { get; set; }

    /// <summary>Whether the entry's present text could not be used, so that <see cref="Desired"/> is the one before it.</summary>
    public bool WasRejected { get; set; }

    /// <summary>The load that is under way, or the wait for the next one; null when there is none.</summary>
    public LoadAttempt? Attempt { get; private set; }

    /// <summary>Failed attempts in a row.</summary>
    public int Failures { get; set; }

    /// <summary>Whether an attempt is under way and nothing is served in the meantime.</summary>
    public bool IsComing => Loaded is null && _load.State == ModuleState.Loading;

    /// <summary>True once the first attempt has come to an end, well or not.</summary>
    public bool HasSettled { get; private set; }

    /// <summary>How the load of <see cref="Desired"/> went.</summary>
    public LoadResult Load
    {
        get => _load;
        set
        {
            _load = value;
            HasSettled |= value.State != ModuleState.Loading;
        }
    }

    /// <summary>Puts an attempt in place of the one that may be under way. Null: none.</summary>
    public void Replace(LoadAttempt? attempt)
    {
        Attempt?.Dispose();
        Attempt = attempt;
    }

    /// <summary>Takes note of how the routes were given away.</summary>
    /// <param name="conflict">That the route of <see cref="Loaded"/> is taken, and by whom; null: it has its route.</param>
    /// <param name="leftOut">Its sub-routes that another module has.</param>
    /// <param name="now">The time.</param>
    /// <returns>Whether other sub-routes are left out than before.</returns>
    public bool Publish(string? conflict, ImmutableArray<LeftOutRoute> leftOut, DateTimeOffset now)
    {
        var hasChanged = !_leftOut.SequenceEqual(leftOut);
        (_conflict, _leftOut) = (conflict, leftOut);
        var report = Combine(_load, conflict, leftOut);
        if (report.State != _reported.State || report.Reason != _reported.Reason)
        {
            _since = now;
        }

        _reported = report;
        return hasChanged;
    }

    public ModuleStatus ToStatus()
    {
        var served = _conflict is null ? Loaded : null;
        return new ModuleStatus
        {
            Id = Desired.Id,
            Revision = Desired.Revision,
            State = _reported.State,
            Reason = _reported.Reason,
            Message = _reported.Message,
            Since = _since,
            Route = Desired.Route.ToString(),
            Hosts = [.. Desired.Hosts.Select(host => host.ToString())],
            Module = Desired.Module.ToString(),
            Serving = served?.Reference,
            Digest = served?.Digest,
            Preinitialized = served is { IsPreinitialized: true } ? true : null,
            Routes = served is null ? [] : [.. served.Routes.Select(route => route.Pattern).Where(IsServed).Select(pattern => pattern.ToString())],
        };
    }

    /// <summary>A sub-route may be left out on some hosts and served on others.</summary>
    private bool IsServed(RoutePattern pattern) =>
        _leftOut.Count(route => route.Pattern == pattern) < RouteClaims.HostsOf(Loaded!.Entry).Length;

    private static LoadResult Combine(LoadResult load, string? conflict, ImmutableArray<LeftOutRoute> leftOut) => (load.State, conflict) switch
    {
        (ModuleState.Ready, null) when !leftOut.IsEmpty => load with { Message = load.Message.Length == 0 ? LeftOutRoute.Describe(leftOut) : $"{load.Message}; {LeftOutRoute.Describe(leftOut)}" },
        (_, null) => load,
        (ModuleState.Ready, _) => new LoadResult(ModuleState.Failed, ModuleReason.RouteConflict, conflict),
        (ModuleState.Failed, _) => load with { Message = $"{load.Message}; the version before it is not served either: {conflict}" },
        _ => load,
    };
}

/// <summary>An entry as it is configured, whether it is served or not.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="SecretNames">The names of its environment variables that come from Secrets.</param>
internal sealed record ConfiguredModule(ModuleEntry Entry, ImmutableArray<string> SecretNames);

/// <summary>How a load went.</summary>
/// <param name="State">How far it is.</param>
/// <param name="Reason">One of <see cref="ModuleReason"/>.</param>
/// <param name="Message">The reason in a sentence; empty when there is nothing to add.</param>
internal sealed record LoadResult(ModuleState State, string Reason, string Message)
{
    public static LoadResult Loading { get; } = new(ModuleState.Loading, ModuleReason.Loading, "");

    public static LoadResult Ready { get; } = new(ModuleState.Ready, ModuleReason.Ready, "");

    public static LoadResult Failed(string reason, string message) => new(ModuleState.Failed, reason, message);
}

/// <summary>One attempt to load an entry. Disposing it gives it up, and with it the wait for the next one.</summary>
internal sealed class LoadAttempt : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new();

    public LoadAttempt() => Cancellation = _cancellation.Token;

    /// <summary>Signalled when nobody wants the result any more.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>Starts the next attempt after a pause; null while this one is under way.</summary>
    public ITimer? Retry { get; set; }

    public void Dispose()
    {
        _cancellation.Cancel();
        _cancellation.Dispose();
        Retry?.Dispose();
    }
}
