using System.Collections.Immutable;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;
using Wagi.Modules.Configuration;
using Wagi.Modules.Outbound;
using Wagi.Modules.Problems;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;

namespace Wagi.Bindle.Applications;

/// <summary>
/// Turns an invoice into what is served, by WAGI's rules ("Building a Bindle for Wagi" in its documentation): every module parcel of
/// the global group that has a <c>feature.wagi.route</c>, together with the file parcels of the groups that it requires.
/// </summary>
public static class ApplicationReader
{
    /// <summary>Reads an invoice. A fault in one parcel becomes a problem in the result and does not affect the others.</summary>
    public static BindleApplication Read(Invoice invoice)
    {
        ArgumentNullException.ThrowIfNull(invoice);
        var place = new SourceLocation($"bindle:{invoice.Name}", 0, 0);
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var modules = ImmutableArray.CreateBuilder<ApplicationModule>();
        problems.AddRange(invoice.UnusableParcels.Select(wrong => Error(place, wrong)));
        if (invoice.IsYanked)
        {
            problems.Add(Warning(place, "the bindle was yanked", "its publisher wants another version to be used"));
        }

        var holders = new Dictionary<RoutePattern, string>();
        foreach (var parcel in invoice.Modules)
        {
            var name = parcel.Label.DisplayName;
            problems.AddRange(Warnings(invoice, parcel).Select(warning => Warning(place, $"parcel '{name}': {warning}", hint: null)));
            if (!parcel.Label.Wagi.TryGetValue(WagiFeatures.Route, out var routeText))
            {
                continue;
            }

            if (ReadModule(invoice, parcel, routeText, out var wrong) is not { } module)
            {
                problems.Add(Error(place, $"parcel '{name}': {wrong}"));
            }
            else if (!holders.TryAdd(module.Entry.Route, name))
            {
                problems.Add(Error(place, $"parcel '{name}': route '{routeText}' is taken by parcel '{holders[module.Entry.Route]}'"));
            }
            else
            {
                modules.Add(module);
            }
        }

        if (modules.Count == 0)
        {
            problems.Add(Error(
                place, $"no parcel can be served: none of media type {Invoice.WasmMediaType} outside all groups has a usable feature.wagi.route"));
        }

        return new BindleApplication(invoice.Name, modules.ToImmutable(), problems.ToImmutable());
    }

    private static ApplicationModule? ReadModule(Invoice invoice, Parcel parcel, string routeText, out string? wrong)
    {
        var features = parcel.Label.Wagi;
        if (!RoutePattern.TryParse(routeText, out var route, out wrong))
        {
            return null;
        }

        var hosts = ImmutableArray.CreateBuilder<AllowedHost>();
        var separators = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        foreach (var text in features.GetValueOrDefault(WagiFeatures.AllowedHosts, "").Split(',', separators))
        {
            if (!AllowedHost.TryParse(text, out var host, out wrong))
            {
                return null;
            }

            hosts.Add(host);
        }

        var files = invoice.RequiredBy(parcel)
            .Select(required => required.Label)
            .Where(label => label.Wagi.GetValueOrDefault(WagiFeatures.File) == "true")
            .ToImmutableArray();
        wrong = FileNames.Check(files);
        if (wrong is not null)
        {
            return null;
        }

        var entry = new ModuleEntry
        {
            Id = route.ToString(),
            Route = route,
            Module = new ModuleReference(ModuleScheme.Bindle, invoice.Name.ToString()),
            Entrypoint = features.GetValueOrDefault(WagiFeatures.Entrypoint),
            Argv = features.GetValueOrDefault(WagiFeatures.Argv),
            AllowedHosts = hosts.ToImmutable(),
        };
        return new ApplicationModule(entry, parcel.Label, files);
    }

    private static IEnumerable<string> Warnings(Invoice invoice, Parcel parcel)
    {
        if (!parcel.Label.Wagi.ContainsKey(WagiFeatures.Route))
        {
            yield return "it has no feature.wagi.route and is not served";
        }

        foreach (var key in parcel.Label.Wagi.Keys.Where(key => !WagiFeatures.All.Contains(key)))
        {
            yield return $"feature.wagi.{key} is not known and is ignored";
        }

        foreach (var group in parcel.Requires.Where(group => !IsKnown(invoice, group)))
        {
            yield return $"it requires group '{group}', which the invoice does not have";
        }
    }

    private static bool IsKnown(Invoice invoice, string group) =>
        invoice.Groups.Contains(group) || invoice.Parcels.Any(parcel => parcel.MemberOf.Contains(group));

    private static Problem Error(SourceLocation place, string message) => new(place, ProblemSeverity.Error, message);

    private static Problem Warning(SourceLocation place, string message, string? hint) => new(place, ProblemSeverity.Warning, message, hint);
}

/// <summary>A bindle that is served as a whole.</summary>
/// <param name="Name">The bindle.</param>
/// <param name="Modules">What can be served, in the order of the invoice; no two have the same route.</param>
/// <param name="Problems">What cannot be served, and why.</param>
public sealed record BindleApplication(BindleName Name, ImmutableArray<ApplicationModule> Modules, ImmutableArray<Problem> Problems);

/// <summary>A parcel that answers a route.</summary>
/// <param name="Entry">The entry, as <c>modules.toml</c> would have it; its id is its route.</param>
/// <param name="Module">The parcel with the WebAssembly.</param>
/// <param name="Files">The parcels that it sees as files below <c>/</c>, each under the name in its label, which never leads outside.</param>
public sealed record ApplicationModule(ModuleEntry Entry, Label Module, ImmutableArray<Label> Files);

/// <summary>The keys below <c>feature.wagi</c> in the label of a parcel.</summary>
internal static class WagiFeatures
{
    public const string Route = "route";
    public const string Entrypoint = "entrypoint";
    public const string AllowedHosts = "allowed_hosts";
    public const string Argv = "argv";
    public const string File = "file";

    /// <summary>Reserved by WAGI and not read.</summary>
    public const string BindleServer = "bindle_server";

    public static readonly IReadOnlySet<string> All = new HashSet<string>(StringComparer.Ordinal)
    {
        Route, Entrypoint, AllowedHosts, Argv, File, BindleServer,
    };
}
