using System.Collections.Frozen;

namespace Wagi.Modules.Routes;

/// <summary>Collects routes and makes a <see cref="RouteTable{TTarget}"/> of them. Not thread-safe.</summary>
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
    /// <returns>Null when the route was free, else the target that holds it already and keeps it.</returns>
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

    /// <summary>The target that holds exactly this route of this host; null when it is free.</summary>
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

    /// <summary>The table of everything added so far.</summary>
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
