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
    public async Task<InspectionResult> InspectAsync(ModulesFile file, CancellationToken cancellationToken)
    {
        var candidates = file.Entries.Select(entry => new Candidate(entry)).ToImmutableArray();
        await Parallel.ForEachAsync(
            candidates.Where(candidate => !offline || candidate.Entry.Module.Scheme == ModuleScheme.File),
            cancellationToken,
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
        var table = new RouteTableBuilder<Candidate>();
        var routes = new List<((HostPattern? Host, RoutePattern Pattern) Place, InspectedRoute Route)>();
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
                select ((host, route.Pattern), new InspectedRoute(
                    host?.ToString(),
                    route.Pattern.ToString(),
                    candidate.Entry.Id,
                    route.Entrypoint ?? candidate.Entry.Entrypoint ?? Guest.DefaultEntrypoint,
                    candidate.Loaded?.Reference ?? candidate.Entry.Module.ToString())));
        }

        return [.. routes.OrderBy(route => route.Place, RouteOrder.MostSpecificFirst).Select(route => route.Route)];
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
