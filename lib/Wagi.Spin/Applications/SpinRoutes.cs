using System.Collections.Immutable;
using Wagi.Modules.Routes;
using Wagi.Spin.Outbound;

namespace Wagi.Spin.Applications;

/// <summary>
/// What of a Spin application can be served: a route for each HTTP trigger, with all that an entry says about a module except where its bytes
/// and files are. What cannot is named.
/// </summary>
public sealed record SpinRoutes
{
    private const string DefaultEntrypoint = "_start";
    private const string DefaultArgv = "${SCRIPT_NAME} ${ARGS}";

    /// <summary>What Spin itself adds to old manifests: whoever used no database loses nothing.</summary>
    private static readonly string[] DatabaseDefaults = ["redis://*:*", "mysql://*:*", "postgres://*:*"];

    /// <summary>The routes, in the order of the triggers.</summary>
    public required ImmutableArray<SpinRoute> Routes { get; init; }

    /// <summary>What cannot be served, each with its reason.</summary>
    public required ImmutableArray<string> Refused { get; init; }

    /// <summary>What is served otherwise than by Spin.</summary>
    public required ImmutableArray<string> Remarks { get; init; }

    /// <summary>Translates an application.</summary>
    /// <param name="application">The application.</param>
    /// <param name="values">Values of its variables, which win over their defaults.</param>
    public static SpinRoutes Of(SpinApplication application, IReadOnlyDictionary<string, string> values)
    {
        ArgumentNullException.ThrowIfNull(application);
        ArgumentNullException.ThrowIfNull(values);
        var translation = new Translation(application, new Templates(application.Variables, values));
        translation.Run();
        return new SpinRoutes
        {
            Routes = [.. translation.Routes],
            Refused = [.. translation.Refused],
            Remarks = [.. translation.Remarks.Distinct(StringComparer.Ordinal)],
        };
    }

    private sealed class Translation(SpinApplication application, Templates templates)
    {
        private readonly Dictionary<string, SpinComponent> _components = application.Components
            .DistinctBy(component => component.Id, StringComparer.Ordinal).ToDictionary(component => component.Id, StringComparer.Ordinal);

        public List<SpinRoute> Routes { get; } = [];

        public List<string> Refused { get; } = [];

        public List<string> Remarks { get; } = [];

        public void Run()
        {
            Refused.AddRange(application.Needs.Select(need => $"the application needs {need}, which modules do not have"));
            foreach (var trigger in application.Triggers)
            {
                Add(trigger);
            }

            foreach (var idle in application.Components.Where(component => application.Triggers.All(trigger => trigger.Component != component.Id)))
            {
                Remarks.Add($"component '{idle.Id}' is left out: no trigger starts it");
            }
        }

        private void Add(SpinTrigger trigger)
        {
            var subject = trigger.Component is { } name ? $"component '{name}'" : $"trigger '{trigger.Id}'";
            if (trigger.Type != SpinTrigger.Http)
            {
                Refused.Add($"{subject}: its trigger is '{trigger.Type}', and modules answer HTTP requests only");
                return;
            }

            if (trigger.Component is null || !_components.TryGetValue(trigger.Component, out var component))
            {
                Refused.Add(trigger.Component is null
                    ? $"{subject} has no component{string.Concat(trigger.Needs.Select(need => $"; it needs {need}, which modules do not have"))}"
                    : $"{subject}: a trigger names it, and there is no such component");
                return;
            }

            string[] needs = [.. trigger.Needs, .. component.Needs];
            if (needs.Length > 0)
            {
                Refused.Add($"{subject} needs {string.Join(", ", needs)}, which modules do not have");
                return;
            }

            if (trigger.Executor is not ("http" or "spin" or "wagi"))
            {
                Refused.Add($"{subject}: its executor '{trigger.Executor}' is not known; 'wagi' and 'http' are");
                return;
            }

            if (trigger.Route is null)
            {
                Remarks.Add($"{subject} is left out: its trigger is private, and components do not call each other");
                return;
            }

            if (!TryRoute(trigger.Route, out var route, out var error))
            {
                Refused.Add($"{subject}: {error}");
                return;
            }

            if (Routes.FindIndex(other => other.Route == route) is >= 0 and var hidden)
            {
                // As in Spin: the last has it.
                Remarks.Add($"component '{Routes[hidden].Component}' does not get the route '{route}', which {subject} has, too");
                Routes.RemoveAt(hidden);
            }

            Routes.Add(new SpinRoute(component.Id, route!)
            {
                Entrypoint = trigger.Entrypoint is null or DefaultEntrypoint ? null : trigger.Entrypoint,
                Argv = trigger.Argv is null or DefaultArgv ? null : trigger.Argv,
                Environment = EnvironmentOf(component, subject),
                Outbound = OutboundOf(component, subject),
            });
        }

        /// <summary>Spin's routes begin with the application's base, and a slash at their end means nothing.</summary>
        private bool TryRoute(string text, out RoutePattern? route, out string? error)
        {
            var path = $"{application.Base.Trim('/')}/{text.Trim('/')}".Trim('/');
            var variable = Array.Find(path.Split('/'), segment => segment is [':', ..] || segment.Contains('*', StringComparison.Ordinal));
            if (variable is not null)
            {
                route = null;
                error = $"route '{text}' has the segment '{variable}', which stands for others in Spin; end the route in '/...' and read the rest from PATH_INFO";
                return false;
            }

            return RoutePattern.TryParse("/" + path, out route, out error);
        }

        private ImmutableSortedDictionary<string, string> EnvironmentOf(SpinComponent component, string subject)
        {
            var environment = component.Environment.ToBuilder();
            foreach (var (key, template) in component.Variables)
            {
                var value = templates.Fill(template, out var missing);
                if (missing is not null)
                {
                    Remarks.Add($"{subject}: '{key}' is not set: {templates.Explain(missing)}; set it in the environment of the module");
                }
                else
                {
                    environment.TryAdd(key, value);
                }
            }

            return environment.ToImmutable();
        }

        private ImmutableArray<OutboundPattern> OutboundOf(SpinComponent component, string subject)
        {
            var patterns = ImmutableArray.CreateBuilder<OutboundPattern>();
            foreach (var template in component.OutboundHosts.Except(DatabaseDefaults))
            {
                var text = templates.Fill(template, out var missing);
                var error = missing is null ? null : $"'{template}': {templates.Explain(missing)}";
                if (error is null && OutboundPattern.TryParse(text, out var pattern, out error))
                {
                    patterns.Add(pattern);
                }
                else
                {
                    Remarks.Add($"{subject}: the allowed host {error}: it is left out");
                }
            }

            return patterns.ToImmutable();
        }
    }
}

/// <summary>A component behind a route.</summary>
/// <param name="Component">Id of the component.</param>
/// <param name="Route">The route, the application's base included.</param>
public sealed record SpinRoute(string Component, RoutePattern Route)
{
    /// <summary>The exported function; null: <c>_start</c>, or what a component exports.</summary>
    public string? Entrypoint { get; init; }

    /// <summary>Template of the arguments; null: the default.</summary>
    public string? Argv { get; init; }

    /// <summary>Environment variables: the component's own, and its variables under their names.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Where the component asks to send requests.</summary>
    public ImmutableArray<OutboundPattern> Outbound { get; init; } = [];
}
