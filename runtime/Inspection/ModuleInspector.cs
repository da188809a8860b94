using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Problems;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Inspection;

/// <summary>Loads every module of a file as the server would, once, and says what came of it instead of serving it.</summary>
/// <param name="loader">Loads the modules.</param>
/// <param name="offline">Leave out what is not a file: those entries take part with their own route alone.</param>
internal sealed class ModuleInspector(ModuleLoader loader, bool offline)
{
    /// <summary>Inspects what a file says.</summary>
    public async Task<InspectionResult> InspectAsync(ModulesFile file, CancellationToken cancellation)
    {
        var candidates = file.Entries.Select(entry => new Candidate(entry)).ToImmutableArray();
        await Parallel.ForEachAsync(
            candidates.Where(candidate => !offline || candidate.Entry.Module.Scheme == ModuleScheme.File),
            cancellation,
            async (candidate, token) => await LoadAsync(candidate, token));
        try
        {
            var routes = Route(candidates);
            var problems = file.Problems
                .Concat(candidates.Select(candidate => candidate.Problem).OfType<Problem>())
                .OrderBy(problem => problem.Location.Line)
                .ThenBy(problem => problem.Location.Column);
            return new InspectionResult(file.Entries.Length + file.Rejected.Length, [.. problems], routes);
        }
        finally
        {
            foreach (var candidate in candidates)
            {
                candidate.Loaded?.Release();
            }
        }
    }

    private async Task LoadAsync(Candidate candidate, CancellationToken cancellation)
    {
        try
        {
            candidate.Loaded = await loader.LoadAsync(candidate.Entry, secrets: null, cancellation);
        }
        catch (ModuleSourceException error)
        {
            candidate.Fail(error.Reason, error.Message);
        }
        catch (GuestLoadException error)
        {
            candidate.Fail(error.Reason, error.Message);
        }
    }

    private static ImmutableArray<InspectedRoute> Route(ImmutableArray<Candidate> candidates)
    {
        var table = new RouteTableBuilder<Candidate>();
        var routes = new List<InspectedRoute>();
        foreach (var candidate in candidates.Where(candidate => candidate.Problem is null))
        {
            if (RouteClaims.TryAdd(table, candidate.Entry, candidate.Routes, _ => candidate, holder => holder.Entry) is { } conflict)
            {
                candidate.Fail(ModuleReason.RouteConflict, conflict);
                continue;
            }

            routes.AddRange(
                from host in RouteClaims.HostsOf(candidate.Entry)
                from route in RouteClaims.Reachable(candidate.Routes)
                select new InspectedRoute(
                    host,
                    route.Pattern,
                    candidate.Entry.Id,
                    route.Entrypoint ?? candidate.Entry.Entrypoint ?? Guest.DefaultEntrypoint,
                    candidate.Loaded?.Reference ?? candidate.Entry.Module.ToString()));
        }

        return [.. routes.Order(RouteOrder.MostSpecificFirst)];
    }

    /// <summary>An entry on its way.</summary>
    private sealed class Candidate(ModuleEntry entry)
    {
        public ModuleEntry Entry { get; } = entry;

        public ServedModule? Loaded { get; set; }

        public Problem? Problem { get; private set; }

        public ImmutableArray<ServedRoute> Routes => Loaded?.Routes ?? [new ServedRoute(Entry.Route, Entrypoint: null)];

        public void Fail(string reason, string message) => Problem = new Problem(
            Entry.Location, ProblemSeverity.Error, $"module '{Entry.Id}': {message}", ReasonHints.For(reason));
    }
}
