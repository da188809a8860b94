using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Wagi.Modules.Routes;

/// <summary>One path segment in the tree of a <see cref="RouteTable{TTarget}"/>.</summary>
internal sealed class RouteNode<TTarget>(
    FrozenDictionary<string, RouteNode<TTarget>> children, TTarget? exact, TTarget? prefix)
    where TTarget : class
{
    /// <summary>Walks <paramref name="path"/> segment by segment; every segment is hashed once.</summary>
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
