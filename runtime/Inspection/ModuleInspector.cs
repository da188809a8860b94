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
/// <param name="notesOrder">Point out where WAGI would give requests to another module.</param>
internal sealed class ModuleInspector(ModuleLoader loader, bool offline, bool notesOrder)
{
    /// <summary>Inspects what a file says.</summary>
    public async Task<InspectionResult> InspectAsync(ModulesFile file, CancellationToken cancellationToken)
    {
        var candidates = file.Entries.Select(entry => new Candidate(entry)).ToImmutableArray();
        await Parallel.ForEachAsync(
            candidates.Where(candidate => !offline || IsLocal(candidate.Entry)),
            cancellationToken,
            async (candidate, token) => await LoadAsync(candidate, token));
        try
        {
            var routes = Route(candidates);
            if (notesOrder)
            {
                NoteOrder(candidates);
            }

            var problems = file.Problems
                .Concat(candidates.SelectMany(candidate => candidate.Problems))
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

    private static bool IsLocal(ModuleEntry entry) =>
        entry.Module.Scheme == ModuleScheme.File && entry.Files.All(mount => mount.Reference.Scheme == ModuleScheme.File);

    private async Task LoadAsync(Candidate candidate, CancellationToken cancellationToken)
    {
        try
        {
            candidate.Loaded = await loader.LoadAsync(candidate.Entry, secrets: null, cancellationToken);
        }
        catch (ModuleSourceException exception)
        {
            candidate.Fail(exception.Reason, exception.Message);
        }
        catch (GuestLoadException exception)
        {
            candidate.Fail(exception.Reason, exception.Message);
        }
    }

    private static ImmutableArray<InspectedRoute> Route(ImmutableArray<Candidate> candidates)
    {
        var byClaim = candidates.Where(candidate => candidate.Problem is null)
            .ToDictionary(candidate => new RouteClaim(candidate.Entry, candidate.Routes));
        var claims = RouteClaims.Decide(byClaim.Keys, leaving: []);
        foreach (var candidate in byClaim.Values)
        {
            if (claims.Conflicts.TryGetValue(candidate.Entry.Id, out var conflict))
            {
                candidate.Fail(ModuleReason.RouteConflict, conflict);
            }
            else if (claims.LeftOut.TryGetValue(candidate.Entry.Id, out var leftOut))
            {
                candidate.Warn(string.Join("; ", leftOut));
            }
        }

        return
        [
            .. claims.Granted
                // What a later route of the module covers is never reached.
                .Where(grant => grant.Answering.Pattern == grant.Pattern)
                .OrderBy(grant => (grant.Host, grant.Pattern), RouteOrder.MostSpecificFirst)
                .Select(grant => (Grant: grant, Candidate: byClaim[grant.Claim]))
                .Select(route => new InspectedRoute(
                    route.Grant.Host?.ToString(),
                    route.Grant.Pattern.ToString(),
                    route.Candidate.Entry.Id,
                    route.Grant.Answering.Entrypoint ?? route.Candidate.Entry.Entrypoint ?? Guest.DefaultEntrypoint,
                    route.Candidate.Loaded?.Reference ?? route.Candidate.Entry.Module.ToString())),
        ];
    }

    /// <summary>WAGI gives a request to the first module of the file whose route fits, and not to the one whose route fits best.</summary>
    private static void NoteOrder(ImmutableArray<Candidate> candidates)
    {
        var wildcards = new List<ModuleEntry>();
        foreach (var candidate in candidates)
        {
            var entry = candidate.Entry;
            candidate.First = wildcards.Find(other => other.Route.Matches(entry.Route.Path) && other.Route != entry.Route && other.Hosts.SequenceEqual(entry.Hosts));
            if (entry.Route.IsPrefix)
            {
                wildcards.Add(entry);
            }
        }
    }

    /// <summary>An entry on its way.</summary>
    private sealed class Candidate(ModuleEntry entry)
    {
        public ModuleEntry Entry { get; } = entry;

        public ServedModule? Loaded { get; set; }

        public Problem? Problem { get; private set; }

        /// <summary>An entry before it, whose route fits its requests as well; null: there is none.</summary>
        public ModuleEntry? First { get; set; }

        public IEnumerable<Problem> Problems => Loaded is { Remark: { Length: > 0 } remark }
            ? [new Problem(Entry.Location, ProblemSeverity.Warning, $"module '{Entry.Id}': {remark}", Hint: null), .. Own]
            : Own;

        public ImmutableArray<ServedRoute> Routes => Loaded?.Routes ?? [new ServedRoute(Entry.Route, Entrypoint: null)];

        private IEnumerable<Problem> Own => [.. Problem is null ? [] : (Problem[])[Problem], .. Order];

        private IEnumerable<Problem> Order => First is null || Entry.Revision is not null
            ? []
            : [new Problem(
                Entry.Location, ProblemSeverity.Warning,
                $"module '{Entry.Id}': its route '{Entry.Route}' is more specific than '{First.Route}' of '{First.Id}', so that its requests are its own; WAGI would give them to '{First.Id}', which comes first in the file",
                "put it before the other, and both do the same")];

        public void Warn(string message) => Problem = new Problem(
            Entry.Location, ProblemSeverity.Warning, $"module '{Entry.Id}': {message}", "remove it from _routes(), or give the other module another route");

        public void Fail(string reason, string message) => Problem = new Problem(
            Entry.Location, ProblemSeverity.Error, $"module '{Entry.Id}': {message}", ReasonHints.For(reason));
    }
}

/// <summary>What would come of serving a configuration file.</summary>
/// <param name="Modules">How many <c>[[module]]</c> the file has, usable or not.</param>
/// <param name="Problems">Everything found wrong, in the order of the file.</param>
/// <param name="Routes">What would be served, the most specific route first.</param>
internal sealed record InspectionResult(int Modules, ImmutableArray<Problem> Problems, ImmutableArray<InspectedRoute> Routes)
{
    /// <summary>How many problems keep an entry from being served.</summary>
    public int Errors => Problems.Count(problem => problem.Severity == ProblemSeverity.Error);
}

/// <summary>What to do about a module that cannot be loaded.</summary>
internal static class ReasonHints
{
    /// <summary>What helps against a <see cref="ModuleReason"/>; null where its message says it all.</summary>
    public static string? For(string reason) => reason switch
    {
        ModuleReason.RegistryUnreachable => "with --offline only modules from files are loaded",
        ModuleReason.Unauthorized => "log in with 'docker login' or 'oras login', whose credentials are used",
        ModuleReason.UnknownImport => "build the module for WASI preview 1: target wasm32-wasip1 or wasip1",
        ModuleReason.EntrypointMissing => "name an exported function with entrypoint = \"NAME\"",
        ModuleReason.RouteConflict => "give one of the two another route or other hosts",
        ModuleReason.NotFound => "check the name",
        _ => null,
    };
}
