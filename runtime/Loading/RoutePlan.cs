using System.Collections.Frozen;
using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;

namespace Wagi.Runtime.Loading;

/// <summary>What is served by which routes: decided from what is loaded, and nothing else.</summary>
/// <param name="Table">The routes.</param>
/// <param name="Conflicts">Entry id → which of its routes is taken, and by whom. None of its routes is in the table.</param>
/// <param name="Leaving">The modules without an entry that still answer.</param>
internal sealed record RoutePlan(
    RouteTable<RouteTarget> Table, FrozenDictionary<string, string> Conflicts, ImmutableArray<ServedModule> Leaving)
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
        var table = new RouteTableBuilder<RouteTarget>();
        var conflicts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var module in modules)
        {
            if (RouteClaims.TryAdd(table, module.Entry, module.Routes, Target(module), target => target.Module.Entry) is { } conflict)
            {
                conflicts.Add(module.Entry.Id, conflict);
            }
        }

        ImmutableArray<ServedModule> staying = [.. leaving.Where(module => coming.Any(entry => Replaces(entry, module.Entry)))];
        foreach (var module in staying)
        {
            RouteClaims.AddWhatIsFree(table, RouteClaims.HostsOf(module.Entry), module.Routes, Target(module));
        }

        return new RoutePlan(table.Build(), conflicts.ToFrozenDictionary(StringComparer.Ordinal), staying);
    }

    private static Func<ServedRoute, RouteTarget> Target(ServedModule module) => route => new RouteTarget(module, route);

    private static bool Replaces(ModuleEntry entry, ModuleEntry gone) =>
        entry.Route == gone.Route && RouteClaims.HostsOf(entry).Intersect(RouteClaims.HostsOf(gone)).Any();
}
