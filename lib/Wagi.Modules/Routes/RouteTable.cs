using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Wagi.Modules.Routes;

/// <summary>
/// Immutable mapping of host and path to a target. The most specific route wins: a named host before a wildcard before
/// none, exact before prefix, the longer prefix before the shorter. The cost of a look-up grows with the length of host
/// and path, not with the number of routes.
/// </summary>
/// <typeparam name="TTarget">What a route leads to.</typeparam>
public sealed class RouteTable<TTarget>
    where TTarget : class
{
    private readonly RouteNode<TTarget>? _anyHost;
    private readonly FrozenDictionary<string, RouteNode<TTarget>> _hosts;
    private readonly FrozenDictionary<string, RouteNode<TTarget>> _wildcardHosts;

    private RouteTable(
        RouteNode<TTarget>? anyHost,
        FrozenDictionary<string, RouteNode<TTarget>> hosts,
        FrozenDictionary<string, RouteNode<TTarget>> wildcardHosts)
    {
        _anyHost = anyHost;
        _hosts = hosts;
        _wildcardHosts = wildcardHosts;
    }

    internal static RouteTable<TTarget> Create(IReadOnlyDictionary<HostPattern, RouteNode<TTarget>> hosts, RouteNode<TTarget>? anyHost) =>
        new(anyHost, Freeze(hosts, isWildcard: false), Freeze(hosts, isWildcard: true));

    private static FrozenDictionary<string, RouteNode<TTarget>> Freeze(
        IReadOnlyDictionary<HostPattern, RouteNode<TTarget>> hosts, bool isWildcard) =>
        hosts.Where(pair => pair.Key.IsWildcard == isWildcard)
            .ToFrozenDictionary(pair => pair.Key.Name, pair => pair.Value, StringComparer.OrdinalIgnoreCase);

    /// <summary>Finds the target for a request.</summary>
    /// <param name="host">The request's host without port; empty when there is none.</param>
    /// <param name="path">The request's path, percent-decoded.</param>
    /// <param name="target">The target of the most specific route.</param>
    public bool TryMatch(ReadOnlySpan<char> host, ReadOnlySpan<char> path, [NotNullWhen(true)] out TTarget? target)
    {
        if (_hosts.Count > 0
            && _hosts.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(host, out var named)
            && named.TryMatch(path, out target))
        {
            return true;
        }

        if (_wildcardHosts.Count > 0)
        {
            var wildcards = _wildcardHosts.GetAlternateLookup<ReadOnlySpan<char>>();
            for (var dot = host.IndexOf('.'); dot >= 0; dot = host.IndexOf('.'))
            {
                host = host[(dot + 1)..];
                if (wildcards.TryGetValue(host, out var below) && below.TryMatch(path, out target))
                {
                    return true;
                }
            }
        }

        target = null;
        return _anyHost is not null && _anyHost.TryMatch(path, out target);
    }
}
