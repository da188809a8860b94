using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Operator.ApiServer;
using Wagi.Operator.Resources;

namespace Wagi.Operator.Planning;

/// <summary>
/// Makes a plan from what is wanted and what is known. A pure function: no I/O, no clock, no chance, and the order of its input does not
/// matter.
/// </summary>
public static class Planner
{
    private const string Header = "# Written by wagi-operator from the WagiModules; changes by hand are overwritten.\n\n";

    /// <summary>
    /// The plan. The steps: check every spec, give every route to the oldest that claims it, resolve references, fall back on the last
    /// good version where that fails, leave out what does not fit, compare with what the runtimes report.
    /// </summary>
    /// <remarks>No two modules of <see cref="PlanInput.Modules"/> may have the same namespace and name.</remarks>
    public static Plan Plan(PlanInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var references = new References();
        var claims = new RouteClaims();
        var candidates = ByAge(input.Modules);
        ReadSpecs(candidates, ReadPrevious(input));
        ClaimRoutes(candidates, claims);
        Resolve(candidates, new SpecResolver(input, references));
        Fit(candidates, claims, input.Settings);

        var programmed = candidates.Select(candidate => candidate.Programmed).OfType<ProgrammedEntry>()
            .OrderBy(entry => entry.Entry.Id, StringComparer.Ordinal).ToList();
        var toml = Header + ModulesTomlWriter.Write(programmed.Select(entry => entry.Entry));
        var verdicts = new VerdictWriter(input, new RuntimeReports(input.Runtimes, toml));
        return new Plan
        {
            Toml = toml,
            SecretData = programmed.Where(entry => entry.Secrets is not null).ToImmutableSortedDictionary(
                entry => ModuleSecrets.KeyFor(entry.Entry.Id), entry => entry.Secrets!, StringComparer.Ordinal),
            Verdicts = [.. candidates.OrderBy(candidate => candidate.Key, ObjectKey.Order).Select(verdicts.Write)],
            Resolutions = references.Resolutions.ToImmutable(),
            Secrets = references.Secrets.ToImmutable(),
            ConfigMaps = references.ConfigMaps.ToImmutable(),
        };
    }

    /// <summary>The oldest first: whoever comes first gets the route, and the room.</summary>
    private static List<Candidate> ByAge(IEnumerable<WagiModule> modules) =>
        [.. modules
            .OrderBy(module => module.Metadata.CreationTimestamp ?? DateTime.MaxValue)
            .ThenBy(module => module.Key, ObjectKey.Order)
            .Select(module => new Candidate(module))];

    private static Dictionary<string, ProgrammedEntry> ReadPrevious(PlanInput input) =>
        ModulesTomlReader.Read(input.PreviousToml ?? "", "modules.toml").Entries.ToDictionary(
            entry => entry.Id,
            entry => new ProgrammedEntry(entry, entry.SecretsVersion is null ? null : input.PreviousSecrets.GetValueOrDefault(ModuleSecrets.KeyFor(entry.Id))),
            StringComparer.Ordinal);

    private static void ReadSpecs(List<Candidate> candidates, Dictionary<string, ProgrammedEntry> previous)
    {
        foreach (var candidate in candidates)
        {
            candidate.LastGood = previous.GetValueOrDefault(candidate.Id);
            if (candidate.Module.Metadata.DeletionTimestamp is not null)
            {
                candidate.Refusal = new Refusal(ConditionReason.Deleting, "the WagiModule is being deleted", KeepsLastGood: false);
            }
            else if (SpecReader.TryRead(candidate.Module, out var spec, out var problems))
            {
                candidate.Spec = spec;
            }
            else
            {
                candidate.Refusal = new Refusal(ConditionReason.InvalidSpec, string.Join("; ", problems), KeepsLastGood: true);
            }
        }
    }

    /// <summary>
    /// A spec that is not valid claims the route of its last good version: a typo does not give the route away.
    /// </summary>
    private static void ClaimRoutes(List<Candidate> candidates, RouteClaims claims)
    {
        foreach (var candidate in candidates)
        {
            var claimed = candidate.Spec?.Draft ?? (candidate.Refusal is { KeepsLastGood: true } ? candidate.LastGood?.Entry : null);
            if (claimed is null || claims.TryClaim(candidate.Key, claimed.Hosts, claimed.Route) is not { } conflict)
            {
                continue;
            }

            candidate.Refusal = candidate.Refusal is { } refusal
                ? refusal with { KeepsLastGood = false }
                : new Refusal(ConditionReason.RouteConflict, conflict.Message, KeepsLastGood: false);
        }
    }

    private static void Resolve(List<Candidate> candidates, SpecResolver resolver)
    {
        foreach (var candidate in candidates)
        {
            if (candidate.Refusal is null)
            {
                candidate.Resolved = resolver.Resolve(candidate.Module, candidate.Spec!);
            }
        }
    }

    /// <summary>Decides what is programmed, the oldest first, while there is room.</summary>
    private static void Fit(List<Candidate> candidates, RouteClaims claims, PlanSettings settings)
    {
        var room = new Room(settings.MaxTomlBytes - Header.Length, settings.MaxSecretBytes);
        foreach (var candidate in candidates)
        {
            if (candidate.Resolved?.Entry is { } entry)
            {
                if (room.TryTake(entry))
                {
                    candidate.Programmed = entry;
                    continue;
                }

                candidate.Refusal = new Refusal(ConditionReason.TooLarge, room.Explain(entry), KeepsLastGood: true);
            }

            // The last good version may have a route that the spec no longer has, and another module may own it by now.
            if (candidate.Refusal is null or { KeepsLastGood: true } && candidate.LastGood is { } last
                && claims.TryClaim(candidate.Key, last.Entry.Hosts, last.Entry.Route) is null && room.TryTake(last))
            {
                candidate.Programmed = last;
            }
        }
    }
}
