using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;

namespace Wagi.Runtime.Loading;

/// <summary>How entries come to their routes: the first to claim one has it.</summary>
internal static class RouteClaims
{
    /// <summary>The hosts of an entry; one null for an entry that answers for every host.</summary>
    public static ImmutableArray<HostPattern?> HostsOf(ModuleEntry entry) => entry.Hosts.IsEmpty ? [null] : [.. entry.Hosts];

    /// <summary>Adds an entry with all its routes, or, when one of them is taken, with none.</summary>
    /// <param name="table">The table.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="routes">Its route and its sub-routes.</param>
    /// <param name="target">Where they lead.</param>
    /// <param name="entryOf">The entry that a target stands for.</param>
    /// <returns>Null when they were added, else which route is taken, and by whom.</returns>
    public static string? TryAdd<TTarget>(
        RouteTableBuilder<TTarget> table,
        ModuleEntry entry,
        IReadOnlyCollection<RoutePattern> routes,
        TTarget target,
        Func<TTarget, ModuleEntry> entryOf)
        where TTarget : class
    {
        var claims = HostsOf(entry).SelectMany(host => routes.Select(route => (Host: host, Route: route))).ToList();
        foreach (var (host, route) in claims)
        {
            if (table.Find(host, route) is { } holder)
            {
                return $"route '{host}{route}' is taken by module '{entryOf(holder).Id}'";
            }
        }

        foreach (var (host, route) in claims)
        {
            table.TryAdd(host, route, target);
        }

        return null;
    }
}
