using System.Collections.Immutable;

namespace Wagi.Spin.Applications;

/// <summary>What a Spin application is made of, whether a <c>spin.toml</c> says so or the locked application of an OCI artifact.</summary>
public sealed record SpinApplication
{
    /// <summary>Its name; empty when it has none.</summary>
    public string Name { get; init; } = "";

    /// <summary>What all routes begin with; <c>/</c>: nothing.</summary>
    public string Base { get; init; } = "/";

    /// <summary>What starts its components.</summary>
    public ImmutableArray<SpinTrigger> Triggers { get; init; } = [];

    /// <summary>Its components.</summary>
    public ImmutableArray<SpinComponent> Components { get; init; } = [];

    /// <summary>The values that <c>{{ name }}</c> stands for; null: whoever runs the application has to give one.</summary>
    public ImmutableSortedDictionary<string, string?> Variables { get; init; } = ImmutableSortedDictionary<string, string?>.Empty;

    /// <summary>What the application as a whole needs and modules do not have, each in words.</summary>
    public ImmutableArray<string> Needs { get; init; } = [];
}

/// <summary>What starts a component.</summary>
public sealed record SpinTrigger
{
    /// <summary>The trigger for HTTP requests, the only one that is served.</summary>
    public const string Http = "http";

    /// <summary>Its type.</summary>
    public required string Type { get; init; }

    /// <summary>Its name, for messages.</summary>
    public string Id { get; init; } = "";

    /// <summary>Id of the component; null: there is none.</summary>
    public string? Component { get; init; }

    /// <summary>The route; null: it has none, because only components of the application call it.</summary>
    public string? Route { get; init; }

    /// <summary>How the component is called: <c>http</c>, <c>spin</c>, <c>wagi</c>, or what other versions of Spin have.</summary>
    public string Executor { get; init; } = Http;

    /// <summary>With the executor <c>wagi</c>: the exported function; null: <c>_start</c>.</summary>
    public string? Entrypoint { get; init; }

    /// <summary>With the executor <c>wagi</c>: template of the arguments; null: the default.</summary>
    public string? Argv { get; init; }

    /// <summary>What it needs and modules do not have, each in words.</summary>
    public ImmutableArray<string> Needs { get; init; } = [];
}

/// <summary>A component, apart from where its bytes and files are.</summary>
public sealed record SpinComponent
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its environment variables.</summary>
    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Its variables, with <c>{{ name }}</c> for those of the application.</summary>
    public ImmutableSortedDictionary<string, string> Variables { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Where it may send requests, in Spin's form, with <c>{{ name }}</c> for variables of the application.</summary>
    public ImmutableArray<string> OutboundHosts { get; init; } = [];

    /// <summary>What it needs and modules do not have, each in words.</summary>
    public ImmutableArray<string> Needs { get; init; } = [];
}
