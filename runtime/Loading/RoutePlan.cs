using System.Collections.Frozen;
using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;

namespace Wagi.Runtime.Loading;

/// <summary>What is served by which routes: decided from what is loaded, and nothing else.</summary>
/// <param name="Table">The routes.</param>
/// <param name="Conflicts">Entry id → its own route is taken, and by whom. None of its routes is in the table.</param>
/// <param name="LeftOut">Entry id → its sub-routes that are not in the table, because another module has them.</param>
/// <param name="Leaving">The modules without an entry that still answer.</param>
internal sealed record RoutePlan(
    RouteTable<RouteTarget> Table,
    FrozenDictionary<string, string> Conflicts,
    FrozenDictionary<string, ImmutableArray<LeftOutRoute>> LeftOut,
    ImmutableArray<ServedModule> Leaving)
{
    /// <summary>Decides.</summary>
    /// <param name="modules">What is loaded for the entries, in their order.</param>
    /// <param name="coming">Entries that are being loaded, and for which nothing is loaded yet.</param>
    /// <param name="leaving">
    /// What is loaded for entries that are gone. A route that goes from one entry to another is answered all the time: the old module keeps
    /// what is still free of its routes until the entry that claims its route has been loaded, or has failed.
    /// </param>
    public static RoutePlan Make(
        IEnumerable<ServedModule> modules, IReadOnlyCollection<ModuleEntry> coming, IEnumerable<ServedModule> leaving)
    {
        ImmutableArray<ServedModule> staying = [.. leaving.Where(module => coming.Any(entry => Replaces(entry, module.Entry)))];
        var claimants = new Dictionary<RouteClaim, ServedModule>();
        var claims = RouteClaims.Decide([.. modules.Select(Claim)], [.. staying.Select(Claim)]);

        var table = new RouteTableBuilder<RouteTarget>();
        var targets = new Dictionary<(RouteClaim Claim, ServedRoute Route), RouteTarget>();
        foreach (var grant in claims.Granted)
        {
            if (!targets.TryGetValue((grant.Claim, grant.Answering), out var target))
            {
                target = new RouteTarget(claimants[grant.Claim], grant.Answering);
                targets.Add((grant.Claim, grant.Answering), target);
            }

            table.TryAdd(grant.Host, grant.Pattern, target);
        }

        return new RoutePlan(
            table.Build(), claims.Conflicts.ToFrozenDictionary(StringComparer.Ordinal), claims.LeftOut.ToFrozenDictionary(StringComparer.Ordinal), staying);

        RouteClaim Claim(ServedModule module)
        {
            var claim = new RouteClaim(module.Entry, module.Routes);
            claimants.Add(claim, module);
            return claim;
        }
    }

    private static bool Replaces(ModuleEntry entry, ModuleEntry gone) =>
        entry.Route == gone.Route && RouteClaims.HostsOf(entry).Intersect(RouteClaims.HostsOf(gone)).Any();
}
