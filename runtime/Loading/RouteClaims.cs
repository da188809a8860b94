using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;

namespace Wagi.Runtime.Loading;

/// <summary>
/// How modules come to their routes. First each entry claims its own, which is what whoever may refuse an entry has seen: the first to
/// claim one has it. Only then come the sub-routes, which a module makes up when it is loaded, and only where they take nothing from
/// another entry.
/// </summary>
/// <param name="Granted">Who answers what.</param>
/// <param name="Conflicts">Entry id → its own route is taken, and by whom. None of its routes is granted.</param>
/// <param name="LeftOut">Entry id → sub-routes that another module has. The module's other routes are granted.</param>
internal sealed record RouteClaims(
    ImmutableArray<RouteGrant> Granted,
    IReadOnlyDictionary<string, string> Conflicts,
    IReadOnlyDictionary<string, ImmutableArray<LeftOutRoute>> LeftOut)
{
    /// <summary>The hosts of an entry; one null for an entry that answers for every host.</summary>
    public static ImmutableArray<HostPattern?> HostsOf(ModuleEntry entry) => entry.Hosts.IsEmpty ? [null] : [.. entry.Hosts];

    /// <summary>Decides.</summary>
    /// <param name="claims">Who wants which routes; the earlier come first.</param>
    /// <param name="leaving">Who keeps what is still free of its routes.</param>
    public static RouteClaims Decide(IEnumerable<RouteClaim> claims, IEnumerable<RouteClaim> leaving)
    {
        var decision = new Decision();
        foreach (var claim in claims)
        {
            decision.ClaimOwn(claim);
        }

        decision.ClaimSubRoutes();
        foreach (var claim in leaving)
        {
            decision.ClaimWhatIsFree(claim);
        }

        return new RouteClaims([.. decision.Granted], decision.Conflicts, decision.LeftOut);
    }

    /// <summary>
    /// The routes of a module, each with the one that answers for it: within a module the last that matches wins, as in WAGI. Two patterns
    /// either have no path in common or one covers the other, so what wins for a pattern wins for each path that it is the most
    /// specific match of, and a request needs no second look.
    /// </summary>
    /// <param name="routes">The routes in the module's order.</param>
    private static IEnumerable<(RoutePattern Pattern, ServedRoute Answering)> Resolve(ImmutableArray<ServedRoute> routes)
    {
        var last = new Dictionary<RoutePattern, int>();
        for (var i = 0; i < routes.Length; i++)
        {
            last[routes[i].Pattern] = i;
        }

        return last.Keys.Select(pattern => (pattern, routes[Covering(pattern).Max(cover => last.GetValueOrDefault(cover, -1))]));
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

    private sealed class Decision
    {
        private readonly Dictionary<(HostPattern? Host, RoutePattern Pattern), RouteClaim> _own = [];
        private readonly Dictionary<(HostPattern? Host, RoutePattern Pattern), RouteClaim> _holders = [];
        private readonly List<RouteClaim> _accepted = [];

        public List<RouteGrant> Granted { get; } = [];

        public Dictionary<string, string> Conflicts { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, ImmutableArray<LeftOutRoute>> LeftOut { get; } = new(StringComparer.Ordinal);

        public void ClaimOwn(RouteClaim claim)
        {
            var hosts = HostsOf(claim.Entry);
            foreach (var host in hosts)
            {
                if (_own.TryGetValue((host, claim.Entry.Route), out var holder))
                {
                    Conflicts.Add(claim.Entry.Id, $"route '{host}{claim.Entry.Route}' is taken by module '{holder.Entry.Id}'");
                    return;
                }
            }

            foreach (var host in hosts)
            {
                _own.TryAdd((host, claim.Entry.Route), claim);
            }

            _accepted.Add(claim);
        }

        public void ClaimSubRoutes()
        {
            foreach (var claim in _accepted)
            {
                var leftOut = ImmutableArray.CreateBuilder<LeftOutRoute>();
                foreach (var (host, pattern, answering) in Wanted(claim))
                {
                    if (Holder(host, pattern, claim) is { } holder)
                    {
                        leftOut.Add(new LeftOutRoute(host, pattern, holder.Entry.Id));
                    }
                    else
                    {
                        Grant(host, pattern, claim, answering);
                    }
                }

                if (leftOut.Count > 0)
                {
                    LeftOut.Add(claim.Entry.Id, leftOut.ToImmutable());
                }
            }
        }

        public void ClaimWhatIsFree(RouteClaim claim)
        {
            foreach (var (host, pattern, answering) in Wanted(claim))
            {
                if (Holder(host, pattern, claim) is null)
                {
                    Grant(host, pattern, claim, answering);
                }
            }
        }

        private static IEnumerable<(HostPattern? Host, RoutePattern Pattern, ServedRoute Answering)> Wanted(RouteClaim claim) =>
            from route in Resolve(claim.Routes)
            from host in HostsOf(claim.Entry)
            select (host, route.Pattern, route.Answering);

        private void Grant(HostPattern? host, RoutePattern pattern, RouteClaim claim, ServedRoute answering)
        {
            if (_holders.TryAdd((host, pattern), claim))
            {
                Granted.Add(new RouteGrant(host, pattern, claim, answering));
            }
        }

        /// <summary>
        /// The other module that a pattern belongs to: the one whose own route it is or lies below, unless that route lies above the claimant's
        /// own; or the one that had the pattern first. What another host has is another matter, for the more specific host answers.
        /// </summary>
        private RouteClaim? Holder(HostPattern? host, RoutePattern pattern, RouteClaim claim)
        {
            var depth = Depth(claim.Entry.Route);
            foreach (var cover in pattern == claim.Entry.Route ? [] : Covering(pattern))
            {
                if (Depth(cover) >= depth && _own.TryGetValue((host, cover), out var owner) && owner != claim)
                {
                    return owner;
                }
            }

            return _holders.TryGetValue((host, pattern), out var holder) && holder != claim ? holder : null;
        }

        /// <summary><c>/</c> is as deep as <c>/...</c>.</summary>
        private static int Depth(RoutePattern pattern) => pattern.Path.AsSpan().TrimEnd('/').Length;
    }
}

/// <summary>An entry, with the routes that it wants: its own and its sub-routes.</summary>
internal sealed class RouteClaim(ModuleEntry entry, ImmutableArray<ServedRoute> routes)
{
    public ModuleEntry Entry { get; } = entry;

    public ImmutableArray<ServedRoute> Routes { get; } = routes;
}

/// <summary>A route that somebody has.</summary>
/// <param name="Host">The host; null: every one.</param>
/// <param name="Pattern">The pattern.</param>
/// <param name="Claim">Who has it.</param>
/// <param name="Answering">Which of the claim's routes answers: a later one may cover the one of this pattern.</param>
internal sealed record RouteGrant(HostPattern? Host, RoutePattern Pattern, RouteClaim Claim, ServedRoute Answering);

/// <summary>A sub-route that a module does not get.</summary>
/// <param name="Host">The host; null: every one.</param>
/// <param name="Pattern">The pattern.</param>
/// <param name="Holder">Id of the entry that it belongs to.</param>
internal sealed record LeftOutRoute(HostPattern? Host, RoutePattern Pattern, string Holder)
{
    /// <summary>So many of a module are named: <c>_routes()</c> may print any number, and each counts once for each host.</summary>
    private const int Named = 10;

    /// <summary>All of a module's in a message of bounded length.</summary>
    public static string Describe(ImmutableArray<LeftOutRoute> routes) => string.Join(
        "; ", [.. routes.Take(Named).Select(route => route.ToString()), .. routes.Length > Named ? [$"and {routes.Length - Named} more"] : Array.Empty<string>()]);

    /// <summary>The facts in a sentence.</summary>
    public override string ToString() => $"sub-route '{Host}{Pattern}' is left out: it belongs to module '{Holder}'";
}
