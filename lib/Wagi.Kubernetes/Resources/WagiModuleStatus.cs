using System.ComponentModel;
using System.Globalization;
using System.Text.Json;

namespace Wagi.Kubernetes.Resources;

/// <summary>What the operator reports about a WagiModule.</summary>
public sealed record WagiModuleStatus
{
    [Description("The generation of the spec that this status is about. Example: 2")]
    [Schema(Format = "int64", Minimum = 0)]
    public long? ObservedGeneration { get; init; }

    [Description("Accepted (the spec is valid and has its route), Resolved (module and references were found), Programmed (the runtimes " +
        "were told), Ready (every runtime serves it), and Stalled while nothing will get better until somebody changes something. " +
        "Example: [{type: Ready, status: \"False\", reason: RouteConflict, message: …}]")]
    [Schema(MaxItems = 16, ListType = "map", ListMapKeys = "type")]
    public IReadOnlyList<Condition>? Conditions
    {
        get;
        // What others have written may contain null, which counts as missing.
        init => field = value is null ? null : [.. value.OfType<Condition>()];
    }

    [Description("The module that the runtimes were told to serve: the tag is for people, the digest decides. " +
        "Example: ghcr.io/example/hello:v1@sha256:9f86d081…")]
    public string? ResolvedModule { get; init; }

    [Description("The files that the runtimes were told to show to the module, as resolvedModule names it. Example: [\"ghcr.io/example/site:v1@sha256:9f86d081…\"]")]
    [Schema(ListType = "atomic")]
    public IReadOnlyList<string>? ResolvedFiles
    {
        get;
        init => field = value is null ? null : [.. value.OfType<string>()];
    }

    [Description("The routes that every runtime serving the module answers, sub-routes of the module included. Example: [/hello, /hello/admin]")]
    [Schema(ListType = "atomic")]
    public IReadOnlyList<string>? Routes
    {
        get;
        init => field = value is null ? null : [.. value.OfType<string>()];
    }

    [Description("Which runtimes serve the module as specified: all, none, or so many of so many. " +
        "While all do, or none does, a runtime that comes or goes changes nothing here. Example: {ready: 2, total: 3, summary: 2/3}")]
    public RuntimeCount? Runtimes { get; init; }

    [Description("Where the module answers, if the operator knows the runtimes' address. Example: https://wagi.example.com/hello")]
    public string? Url { get; init; }

    /// <summary>Whether two statuses would be written alike.</summary>
    public bool IsWrittenAs(WagiModuleStatus? other) =>
        ReferenceEquals(this, other) || (other is not null && Serialize(this) == Serialize(other));

    private static string Serialize(WagiModuleStatus status) => JsonSerializer.Serialize(status, ResourcesJsonContext.Default.WagiModuleStatus);
}

/// <summary>
/// Which runtimes serve a module as specified. The number of all runtimes is no fact about the module, so it is there only while they
/// differ: otherwise every new runtime would be a change of every WagiModule.
/// </summary>
public sealed record RuntimeCount
{
    [Description("Runtimes that serve the module as specified; absent while all or none do. Example: 2")]
    [Schema(Minimum = 0)]
    public int? Ready { get; init; }

    [Description("Runtimes that requests are sent to, or all runtimes while requests are sent to none; absent while all or none serve the module. Example: 3")]
    [Schema(Minimum = 0)]
    public int? Total { get; init; }

    [Description("For the column of kubectl get: all, none, or both numbers. Example: 2/3")]
    public string? Summary { get; init; }

    /// <summary>So many of so many.</summary>
    public static RuntimeCount Of(int ready, int total) => ready switch
    {
        0 => new() { Summary = "none" },
        _ when ready == total => new() { Summary = "all" },
        _ => new() { Ready = ready, Total = total, Summary = string.Create(CultureInfo.InvariantCulture, $"{ready}/{total}") },
    };
}
