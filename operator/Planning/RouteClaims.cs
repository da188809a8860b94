using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Routes;

namespace Wagi.Operator.Planning;

/// <summary>Who has which route on which host. A module has all of its (host, route) pairs or none.</summary>
internal sealed class RouteClaims
{
    private readonly Dictionary<(HostPattern? Host, RoutePattern Route), ObjectKey> _owners = [];

    /// <summary>Claims a route for a module.</summary>
    /// <param name="owner">The module.</param>
    /// <param name="hosts">Its hosts; empty: every host, which does not conflict with named hosts.</param>
    /// <param name="route">Its route.</param>
    /// <returns>Null when the module has it now; otherwise who has it, and on which host.</returns>
    public RouteConflict? TryClaim(ObjectKey owner, ImmutableArray<HostPattern> hosts, RoutePattern route)
    {
        ImmutableArray<HostPattern?> places = hosts.IsDefaultOrEmpty ? [null] : [.. hosts];
        foreach (var host in places)
        {
            if (_owners.TryGetValue((host, route), out var other) && other != owner)
            {
                return new RouteConflict(other, host, route);
            }
        }

        foreach (var host in places)
        {
            _owners[(host, route)] = owner;
        }

        return null;
    }
}

/// <summary>Why a module does not get its route.</summary>
/// <param name="Winner">The module that came first and has it.</param>
/// <param name="Host">The host on which both claim it; null: both claim it for every host.</param>
/// <param name="Route">The route.</param>
internal sealed record RouteConflict(ObjectKey Winner, HostPattern? Host, RoutePattern Route)
{
    /// <summary>The message for the loser.</summary>
    public string Message => Host is null
        ? $"route '{Route}' belongs to WagiModule {Winner}, which comes first (by age, then by name); change the route, or limit one of the two to hosts"
        : $"route '{Route}' on host '{Host}' belongs to WagiModule {Winner}, which comes first (by age, then by name); change the route or the host";
}
