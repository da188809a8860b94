using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;

namespace Wagi.Runtime.Loading;

/// <summary>How entries come to their routes: the first to claim one has it.</summary>
internal static class RouteClaims
{
    /// <summary>The hosts of an entry; one null for an entry that answers for every host.</summary>
    public static ImmutableArray<HostPattern?> HostsOf(ModuleEntry entry) => entry.Hosts.IsEmpty ? [null] : [.. entry.Hosts];

    /// <summary>
    /// The routes of a module, each with the one that answers for it: within a module the last that matches wins, as in WAGI. Two patterns
    /// either have no path in common or one covers the other, so what wins for a pattern wins for each path that it is the most
    /// specific match of, and a request needs no second look.
    /// </summary>
    /// <param name="routes">The routes in the module's order.</param>
    public static IEnumerable<(RoutePattern Pattern, ServedRoute Answering)> Resolve(ImmutableArray<ServedRoute> routes)
    {
        var last = new Dictionary<RoutePattern, int>();
        for (var i = 0; i < routes.Length; i++)
        {
            last[routes[i].Pattern] = i;
        }

        return last.Keys.Select(pattern => (pattern, routes[Covering(pattern).Max(cover => last.GetValueOrDefault(cover, -1))]));
    }

    /// <summary>The routes of a module that answer for anything: one that a later one covers is never reached.</summary>
    public static IEnumerable<ServedRoute> Reachable(ImmutableArray<ServedRoute> routes) =>
        Resolve(routes).Where(route => route.Answering.Pattern == route.Pattern).Select(route => route.Answering);

    /// <summary>Adds an entry with all its routes, or, when one of them is taken, with none.</summary>
    /// <param name="table">The table.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="routes">Its route and its sub-routes.</param>
    /// <param name="target">Where a route leads.</param>
    /// <param name="entryOf">The entry that a target stands for.</param>
    /// <returns>Null when they were added, else which route is taken, and by whom.</returns>
    public static string? TryAdd<TTarget>(
        RouteTableBuilder<TTarget> table,
        ModuleEntry entry,
        ImmutableArray<ServedRoute> routes,
        Func<ServedRoute, TTarget> target,
        Func<TTarget, ModuleEntry> entryOf)
        where TTarget : class
    {
        var hosts = HostsOf(entry);
        foreach (var host in hosts)
        {
            foreach (var route in routes)
            {
                if (table.Find(host, route.Pattern) is { } holder)
                {
                    return $"route '{host}{route.Pattern}' is taken by module '{entryOf(holder).Id}'";
                }
            }
        }

        AddWhatIsFree(table, hosts, routes, target);
        return null;
    }

    /// <summary>Adds those of an entry's routes that nobody has.</summary>
    public static void AddWhatIsFree<TTarget>(
        RouteTableBuilder<TTarget> table,
        ImmutableArray<HostPattern?> hosts,
        ImmutableArray<ServedRoute> routes,
        Func<ServedRoute, TTarget> target)
        where TTarget : class
    {
        foreach (var (pattern, answering) in Resolve(routes))
        {
            var leadsTo = target(answering);
            foreach (var host in hosts)
            {
                table.TryAdd(host, pattern, leadsTo);
            }
        }
    }

    /// <summary>Every pattern that matches whatever <paramref name="pattern"/> does, itself included.</summary>
    private static IEnumerable<RoutePattern> Covering(RoutePattern pattern)
    {
        yield return pattern;
        for (var path = pattern.IsPrefix ? ParentOf(pattern.Path) : pattern.Path; path is not null; path = ParentOf(path))
        {
            yield return RoutePattern.Below(path);
        }
    }

    private static string? ParentOf(string path) => path.Length == 0 ? null : path[..path.LastIndexOf('/')];
}
