using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Operator.Classes;

namespace Wagi.Operator.Planning;

/// <summary>
/// Makes a plan from what is wanted and what is known. A pure function: no I/O, no clock, no chance, and the order of its input does not
/// matter.
/// </summary>
public static class Planner
{
    private const string Header = "# Written by wagi-operator from the WagiModules; changes by hand are overwritten.\n\n";

    /// <summary>
    /// The plan. The steps: check every spec, hold it against the rules of the class, give every route to the oldest that claims it, resolve references, refuse what
    /// <c>modules.toml</c> cannot hold, keep the last good versions, replace them by what is specified while there is room, compare with what
    /// the runtimes report. A step that fails for one module is that module's own trouble.
    /// </summary>
    /// <remarks>No two modules of <see cref="PlanInput.Modules"/> may have the same namespace and name.</remarks>
    public static Plan Plan(PlanInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var references = new References();
        var claims = new RouteClaims();
        var candidates = ByAge(input.Modules.Where(module => input.Roster?.IsOwn(module) ?? true));
        var previous = ReadPrevious(input);
        ReadSpecs(candidates, previous, input.Roster);
        var judge = input.Rules is null ? null : new ClassJudge(input, input.Rules);
        if (judge is not null)
        {
            references.Secrets.UnionWith(input.Rules!.Secrets);
            Each(candidates, judge.Judge);
        }

        ClaimRoutes(candidates, claims);
        var resolver = new SpecResolver(input, references);
        Each(candidates.Where(candidate => candidate.Refusal is null), candidate => candidate.Resolved = resolver.Resolve(candidate.Module, candidate.Spec!, candidate.LastGood));
        Each(candidates, candidate => CheckEntry(candidate, input));
        Fit(candidates, claims, input);

        var programmed = candidates.Select(candidate => candidate.Programmed).OfType<ProgrammedEntry>()
            .OrderBy(entry => entry.Entry.Id, StringComparer.Ordinal).ToList();
        var changed = Changed(previous, programmed);
        if (input.WritesWait)
        {
            programmed = KeepAll(candidates, previous);
        }

        var toml = input is { WritesWait: true, PreviousToml: { } present } ? present : ChecksumLine.AddTo(Header + string.Join('\n', programmed.Select(entry => entry.Toml)));
        var reports = new RuntimeReports(input.Runtimes, toml);
        var verdicts = new VerdictWriter(input, reports);
        return new Plan
        {
            Toml = toml,
            SecretData = programmed.Where(entry => entry.Secrets is not null).ToImmutableSortedDictionary(
                entry => entry.SecretKey, entry => entry.Secrets!, StringComparer.Ordinal),
            Changed = changed,
            Use = programmed.GroupBy(entry => entry.Entry.Tenant).ToImmutableSortedDictionary(
                entries => entries.Key, entries => new NamespaceUse(entries.Count(), entries.Sum(entry => entry.Size.Toml), entries.Sum(entry => entry.Size.Secret)),
                StringComparer.Ordinal),
            Verdicts = [.. candidates.OrderBy(candidate => candidate.Key, ObjectKey.Order).Select(verdicts.Write)],
            Behind = reports.Behind,
            ClassProblems = judge?.Problems,
            Resolutions = references.Resolutions.ToImmutable(),
            Secrets = references.Secrets.ToImmutable(),
            ConfigMaps = references.ConfigMaps.ToImmutable(),
        };
    }

    private static ImmutableSortedSet<string> Changed(Dictionary<string, ProgrammedEntry> previous, List<ProgrammedEntry> programmed)
    {
        var left = new Dictionary<string, ProgrammedEntry>(previous, StringComparer.Ordinal);
        var changed = programmed.Where(entry => !(left.Remove(entry.Entry.Id, out var before) && ProgrammedEntry.AreSame(before, entry))).ToList();
        return [.. changed.Concat(left.Values).Select(entry => entry.Entry.Tenant).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Leaves everything as it is, also what belonged to WagiModules that are gone.</summary>
    private static List<ProgrammedEntry> KeepAll(List<Candidate> candidates, Dictionary<string, ProgrammedEntry> previous)
    {
        foreach (var candidate in candidates.Where(candidate => !ProgrammedEntry.AreSame(candidate.Programmed, candidate.LastGood)))
        {
            candidate.Waits = true;
            candidate.Programmed = candidate.LastGood;
        }

        return [.. previous.Values.OrderBy(entry => entry.Entry.Id, StringComparer.Ordinal)];
    }

    /// <summary>The oldest first: whoever comes first gets the route, and the room that is left.</summary>
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

    /// <summary>A mistake of this program that one module brings to light must not keep the others from being planned.</summary>
    private static void Each(IEnumerable<Candidate> candidates, Action<Candidate> step)
    {
        foreach (var candidate in candidates)
        {
            try
            {
                step(candidate);
            }
            catch (Exception exception)
            {
                candidate.Refusal = new Refusal(ConditionReason.InvalidSpec, $"the operator cannot plan this, please report it: {exception.Message}", KeepsLastGood: true);
            }
        }
    }

    private static void ReadSpecs(List<Candidate> candidates, Dictionary<string, ProgrammedEntry> previous, ClassRoster? roster) => Each(candidates, candidate =>
    {
        candidate.LastGood = previous.GetValueOrDefault(candidate.Id);
        if (candidate.Module.Metadata.DeletionTimestamp is not null)
        {
            candidate.Refusal = new Refusal(ConditionReason.Deleting, "the WagiModule is being deleted", KeepsLastGood: false);
        }
        else if (roster?.Unknown(candidate.Module) is { } unknown)
        {
            candidate.Refusal = new Refusal(
                ConditionReason.ClassNotFound, $"spec.className: there is no WagiClass '{unknown}'; kubectl get wagiclasses lists those that there are", KeepsLastGood: true);
        }
        else if (candidate.Module.Spec.Suspend == true)
        {
            candidate.Refusal = new Refusal(
                ConditionReason.Suspended, "spec.suspend is true: changes of the spec, of its tag and of what it refers to wait", KeepsLastGood: true);
        }
        else if (SpecReader.TryRead(candidate.Module, out var spec, out var problems))
        {
            candidate.Spec = spec;
        }
        else
        {
            candidate.Refusal = new Refusal(ConditionReason.InvalidSpec, string.Join("; ", problems), KeepsLastGood: true);
        }
    });

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

            candidate.LostTo = conflict.Winner;
            candidate.Refusal = candidate.Refusal is { } refusal
                ? refusal with { KeepsLastGood = false }
                : new Refusal(ConditionReason.RouteConflict, conflict.Message, KeepsLastGood: false);
        }
    }

    /// <summary>Refuses an entry that the API server has refused, or that a runtime would not read as it was written.</summary>
    private static void CheckEntry(Candidate candidate, PlanInput input)
    {
        if (candidate.Resolved?.Entry is { } entry && (input.Refused.GetValueOrDefault(entry.Entry.Revision!) ?? WhyUnreadable(candidate, entry, input.Settings)) is { } why)
        {
            candidate.Refusal = new Refusal(ConditionReason.InvalidSpec, why, KeepsLastGood: true);
        }
    }

    private static string? WhyUnreadable(Candidate candidate, ProgrammedEntry entry, PlanSettings settings)
    {
        // One that is served has been read, and one that is too large will not be.
        if (candidate.LastGood?.Entry.Revision == entry.Entry.Revision || entry.Size.Toml > settings.MaxModuleBytes)
        {
            return null;
        }

        var file = ModulesTomlReader.Read(entry.Toml, "modules.toml");
        return file is { Problems.IsEmpty: true, Entries: [var read] } && ModulesTomlWriter.Write(read) == entry.Toml
            ? null
            : $"modules.toml cannot hold this: {file.Problems.FirstOrDefault()?.Message ?? "it reads back as something else"}";
    }

    /// <summary>Decides what is programmed while there is room: the last good version of each, or what its spec says now.</summary>
    private static void Fit(List<Candidate> candidates, RouteClaims claims, PlanInput input)
    {
        var settings = input.Settings;
        var room = new Room(new EntrySize(settings.MaxTomlBytes - Header.Length, settings.MaxSecretBytes), settings.MaxModuleBytes, new NamespaceBudgets(input.Rules));
        foreach (var candidate in candidates.Where(candidate => candidate.KeepsLastGood))
        {
            // The last good version may have a route that the spec no longer has, and another module may own it by now.
            var last = candidate.LastGood!;
            if (claims.TryClaim(candidate.Key, last.Entry.Hosts, last.Entry.Route) is null && room.TryKeep(last))
            {
                candidate.Programmed = last;
            }
        }

        // What becomes smaller first: the room that it leaves belongs to the oldest that waits for some.
        var waiting = candidates.Where(candidate => candidate is { Refusal: null, Resolved.Entry: not null }).ToList();
        waiting = [.. waiting.Where(candidate => !(candidate.Resolved!.Entry!.Size.Fits(candidate.Programmed?.Size ?? default) && TryProgram(candidate, room)))];
        while (waiting.RemoveAll(candidate => TryProgram(candidate, room)) > 0)
        {
            // One that grew in the ConfigMap may have left room in the Secret.
        }

        foreach (var candidate in waiting)
        {
            candidate.Refusal = room.Explain(candidate.Programmed, candidate.Resolved!.Entry!);
        }
    }

    private static bool TryProgram(Candidate candidate, Room room)
    {
        var entry = candidate.Resolved!.Entry!;
        if (!room.TryReplace(candidate.Programmed, entry))
        {
            return false;
        }

        candidate.Programmed = entry;
        return true;
    }
}
