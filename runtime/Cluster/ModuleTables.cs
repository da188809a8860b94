using Wagi.Kubernetes.Resources;
using Wagi.Modules.Routes;
using Wagi.Runtime.Inspection;

namespace Wagi.Runtime.Cluster;

/// <summary>What is shown of many WagiModules: cells, with a heading.</summary>
internal static class ModuleTables
{
    private const string None = "-";

    /// <summary>How each stands.</summary>
    /// <param name="modules">The WagiModules.</param>
    /// <param name="withNamespace">Whether they are of more than one namespace.</param>
    public static IReadOnlyList<string[]> Status(IEnumerable<WagiModule> modules, bool withNamespace) =>
    [
        [.. withNamespace ? ["NAMESPACE"] : (string[])[], "NAME", "ROUTE", "READY", "RUNTIMES", "REASON"],
        .. modules.Select(module =>
        {
            var ready = Ready(module);
            return (string[])
            [
                .. withNamespace ? [module.Key.Namespace] : (string[])[],
                module.Key.Name, Cell(module.Spec.Route), Cell(ready?.Status), Cell(module.Status?.Runtimes?.Summary), Cell(ready?.Reason),
            ];
        }),
    ];

    /// <summary>
    /// Which route leads where, in the order in which they are tried within a class. A WagiModule that is served has the routes that the
    /// runtimes report, sub-routes included; one that is accepted and not served yet has its own; one that is refused has none.
    /// </summary>
    public static IReadOnlyList<string[]> Routes(IEnumerable<WagiModule> modules) =>
    [
        ["HOST", "ROUTE", "MODULE", "READY", "CLASS"],
        .. modules.SelectMany(module => RoutesOf(module).SelectMany(route => HostsOf(module).Select(host => (Host: host, Route: route, Module: module))))
            .OrderBy(row => row.Module.Spec.ClassName ?? "", StringComparer.Ordinal)
            .ThenBy(row => (row.Host, row.Route), RouteOrder.MostSpecificFirst)
            .Select(row => (string[])
            [
                row.Host?.ToString() ?? "*", Cell(row.Route.ToString()), row.Module.Key.ToString(), Cell(Ready(row.Module)?.Status), Cell(row.Module.Spec.ClassName),
            ]),
    ];

    private static IEnumerable<RoutePattern> RoutesOf(WagiModule module)
    {
        var isAccepted = module.Status?.Conditions?.Any(condition => condition is { Type: ConditionType.Accepted, Status: ConditionStatus.True }) == true;
        var routes = module.Status?.Routes is { Count: > 0 } served ? served : isAccepted ? [module.Spec.Route ?? ""] : [];
        return routes.Select(text => RoutePattern.TryParse(text, out var route, out _) ? route : null).OfType<RoutePattern>();
    }

    /// <summary>The hosts, and null for every host.</summary>
    private static IEnumerable<HostPattern?> HostsOf(WagiModule module) =>
        (module.Spec.Hosts ?? []).Select(text => HostPattern.TryParse(text, out var host, out _) ? host : null).OfType<HostPattern>().DefaultIfEmpty();

    private static Condition? Ready(WagiModule module) => module.Status?.Conditions?.FirstOrDefault(condition => condition.Type == ConditionType.Ready);

    private static string Cell(string? text) => string.IsNullOrEmpty(text) ? None : Terminal.OneLine(text);
}
