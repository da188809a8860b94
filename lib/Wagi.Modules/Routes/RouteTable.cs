using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Wagi.Modules.Routes;

/// <summary>
/// An immutable map from host and path to a target. The most specific route wins: a named host before a wildcard before none, exact before
/// prefix, the longer prefix before the shorter. What a look-up costs depends on the length of host and path, not on the number of routes.
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
    /// <param name="host">
    /// The request's host without port; empty when there is none. A dot at its end is the DNS root and means the same host (RFC 3986 §3.2.2).
    /// </param>
    /// <param name="path">The request's path, percent-decoded.</param>
    /// <param name="target">The target of the most specific route.</param>
    public bool TryMatch(ReadOnlySpan<char> host, ReadOnlySpan<char> path, [NotNullWhen(true)] out TTarget? target)
    {
        if (host.EndsWith('.'))
        {
            host = host[..^1];
        }

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

/// <summary>Collects routes for a <see cref="RouteTable{TTarget}"/>. Not thread-safe.</summary>
/// <typeparam name="TTarget">What a route leads to.</typeparam>
public sealed class RouteTableBuilder<TTarget>
    where TTarget : class
{
    private readonly Dictionary<HostPattern, Node> _hosts = [];
    private readonly Node _anyHost = new();

    /// <summary>Adds a route.</summary>
    /// <param name="host">The host that it is for, or null for every host.</param>
    /// <param name="route">The path pattern.</param>
    /// <param name="target">Where it leads.</param>
    /// <returns>Null when the route was free; otherwise the target that already has it, and keeps it.</returns>
    public TTarget? TryAdd(HostPattern? host, RoutePattern route, TTarget target)
    {
        ref var place = ref Place(host, route);
        if (place is not null)
        {
            return place;
        }

        place = target;
        return null;
    }

    /// <summary>The target that has exactly this route on this host; null when it is free.</summary>
    public TTarget? Find(HostPattern? host, RoutePattern route) => Place(host, route);

    private ref TTarget? Place(HostPattern? host, RoutePattern route)
    {
        ArgumentNullException.ThrowIfNull(route);
        var node = Root(host);
        if (route.Path.Length > 0)
        {
            foreach (var segment in route.Path[1..].Split('/'))
            {
                node = node.Child(segment);
            }
        }

        return ref route.IsPrefix ? ref node.Prefix : ref node.Exact;
    }

    private Node Root(HostPattern? host)
    {
        if (host is null)
        {
            return _anyHost;
        }

        if (!_hosts.TryGetValue(host, out var node))
        {
            _hosts[host] = node = new Node();
        }

        return node;
    }

    /// <summary>A table of all routes that were added so far.</summary>
    public RouteTable<TTarget> Build() =>
        RouteTable<TTarget>.Create(_hosts.ToDictionary(pair => pair.Key, pair => pair.Value.Freeze()), _anyHost.Freeze());

    private sealed class Node
    {
        private readonly Dictionary<string, Node> _children = [];

        public TTarget? Exact;
        public TTarget? Prefix;

        public Node Child(string segment)
        {
            if (!_children.TryGetValue(segment, out var child))
            {
                _children[segment] = child = new Node();
            }

            return child;
        }

        public RouteNode<TTarget> Freeze() => new(
            _children.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Freeze(), StringComparer.Ordinal), Exact, Prefix);
    }
}

/// <summary>One path segment in the tree of a <see cref="RouteTable{TTarget}"/>.</summary>
internal sealed class RouteNode<TTarget>(
    FrozenDictionary<string, RouteNode<TTarget>> children, TTarget? exact, TTarget? prefix)
    where TTarget : class
{
    /// <summary>Walks <paramref name="path"/> segment by segment and hashes each of them once.</summary>
    public bool TryMatch(ReadOnlySpan<char> path, [NotNullWhen(true)] out TTarget? target)
    {
        target = null;
        var node = this;
        while (true)
        {
            target = node.Prefix ?? target;
            if (path.IsEmpty)
            {
                target = node.Exact ?? target;
                return target is not null;
            }

            // The path starts with '/': the segment runs up to the next one.
            path = path[1..];
            var slash = path.IndexOf('/');
            var segment = slash < 0 ? path : path[..slash];
            if (!node.Children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(segment, out var child))
            {
                return target is not null;
            }

            node = child;
            path = slash < 0 ? [] : path[slash..];
        }
    }

    private FrozenDictionary<string, RouteNode<TTarget>> Children { get; } = children;

    private TTarget? Exact { get; } = exact;

    private TTarget? Prefix { get; } = prefix;
}
