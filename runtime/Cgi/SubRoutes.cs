using System.Collections.Immutable;
using System.Text;
using Wagi.Modules.Routes;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>The routes that a module declares by exporting <c>_routes()</c>, which prints one per line: <c>/path entrypoint</c>.</summary>
public static class SubRoutes
{
    private const string Declaration = "_routes";
    private const int MaxOutput = 1 << 20;

    /// <summary>Each counts once for each host of its module, in the route table and in every runtime's <c>/status</c>.</summary>
    private const int MaxRoutes = 256;

    /// <summary>Runs <c>_routes()</c>, and waits for it. Empty when the module does not export it.</summary>
    /// <param name="guest">The module.</param>
    /// <param name="run">What it sees and may do; its arguments and its output are set here.</param>
    /// <returns>The routes in the order printed. Where several match, the last wins.</returns>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.RoutesFailed"/>.</exception>
    public static ImmutableArray<SubRoute> Read(Guest guest, GuestRun run)
    {
        ArgumentNullException.ThrowIfNull(guest);
        ArgumentNullException.ThrowIfNull(run);
        if (!guest.HasExport(Declaration))
        {
            return [];
        }

        guest.Check(Declaration, hasFiles: run.Files is not null);
        var output = new CapturedOutput(MaxOutput);
        run.Stdout = output;
        run.Arguments.Add(Declaration);
        var result = guest.Run(run, Declaration);
        if (result.Outcome != GuestOutcome.Completed)
        {
            throw Failed($"{Declaration}() failed: " + result.Outcome switch
            {
                GuestOutcome.OutputRefused => $"it printed more than {MaxOutput} bytes",
                GuestOutcome.DeadlineExceeded => $"it did not end within {run.Timeout.TotalSeconds} s",
                _ => result.Message,
            });
        }

        var routes = Parse(Encoding.UTF8.GetString(output.Bytes));
        foreach (var route in routes)
        {
            if (!guest.HasExport(route.Entrypoint))
            {
                throw Failed($"{Declaration}() names the entrypoint '{route.Entrypoint}' for '{route.Pattern}', which the module does not export");
            }
        }

        return routes;
    }

    /// <summary>Reads what <c>_routes()</c> printed.</summary>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.RoutesFailed"/>, with the line.</exception>
    public static ImmutableArray<SubRoute> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var routes = ImmutableArray.CreateBuilder<SubRoute>();
        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var words = line.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
            {
                continue;
            }

            if (words.Length != 2)
            {
                throw Failed($"{Declaration}(), line {number}: '{line.Trim()}' is not a path and an entrypoint");
            }

            if (routes.Count == MaxRoutes)
            {
                throw Failed($"{Declaration}(), line {number}: a module has at most {MaxRoutes} sub-routes; use patterns that end in '/...'");
            }

            routes.Add(RoutePattern.TryParse(words[0], out var pattern, out var error)
                ? new SubRoute(pattern, words[1])
                : throw Failed($"{Declaration}(), line {number}: {error}"));
        }

        return routes.ToImmutable();
    }

    private static GuestLoadException Failed(string message) => new(ModuleReason.RoutesFailed, message);
}

/// <summary>A route that a module declares in <c>_routes()</c>, relative to the module's own route.</summary>
/// <param name="Pattern">The path below the module's route.</param>
/// <param name="Entrypoint">The exported function that answers it.</param>
public sealed record SubRoute(RoutePattern Pattern, string Entrypoint);
