using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Wagi.Modules.Status;

namespace Wagi.Operator.Overview;

/// <summary>What the console asks for again and again: all but the WagiModules.</summary>
internal sealed record OverviewReport
{
    public required string? Version { get; init; }

    /// <summary>The name of the instance.</summary>
    public required string Identity { get; init; }

    /// <summary>The operator's namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The one namespace whose WagiModules are served; null: all.</summary>
    public required string? WatchNamespace { get; init; }

    /// <summary>The class that is served; null: none.</summary>
    public required string? ClassName { get; init; }

    /// <summary>Whether it leads and has planned: then what it shows is its own plan, otherwise what the leader has written.</summary>
    public required bool Plans { get; init; }

    public required bool Leads { get; init; }

    /// <summary>What keeps it from its work, a line each.</summary>
    public required ImmutableArray<string> Troubles { get; init; }

    /// <summary>Its last turn; null: it has taken none.</summary>
    public required TurnRow? Turn { get; init; }

    /// <summary>What the runtimes read; null: it has not planned.</summary>
    public required RoomRow? Room { get; init; }

    /// <summary>Registries that fail.</summary>
    public required ImmutableArray<OverviewFact> Registries { get; init; }

    public required ImmutableArray<RuntimeRow> Runtimes { get; init; }

    public required ImmutableArray<ClassRow> Classes { get; init; }

    /// <summary>The tag of <see cref="ModulesReport"/> as it is now.</summary>
    public required string Modules { get; init; }
}

/// <param name="Name">What it is.</param>
/// <param name="Value">Its value, for people.</param>
internal sealed record OverviewFact(string Name, string Value);

/// <param name="Ended">When it ended.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Error">Why it failed; null: it did not.</param>
internal sealed record TurnRow(DateTimeOffset Ended, double Milliseconds, string? Error);

/// <summary>Bytes of the ConfigMap and the Secret that the runtimes read.</summary>
/// <param name="ConfigMap">Name of the ConfigMap.</param>
/// <param name="Toml">Bytes of <c>modules.toml</c>.</param>
/// <param name="MaxToml">What it may have.</param>
/// <param name="Secret">Bytes of the Secret.</param>
/// <param name="MaxSecret">What it may have.</param>
/// <param name="Waiting">WagiModules whose change waits to be written.</param>
internal sealed record RoomRow(string ConfigMap, int Toml, int MaxToml, int Secret, int MaxSecret, int Waiting);

/// <summary>A runtime.</summary>
internal sealed record RuntimeRow
{
    public required string Name { get; init; }

    /// <summary>Whether its pod is ready; null: it is no pod.</summary>
    public bool? Ready { get; init; }

    /// <summary>Whether it answers; null: this instance does not ask.</summary>
    public bool? Answers { get; init; }

    /// <summary>Whether it is young enough to owe no answer.</summary>
    public bool Starting { get; init; }

    /// <summary>Why it does not answer.</summary>
    public string? Error { get; init; }

    public string? Version { get; init; }

    /// <summary>The digest of the <c>modules.toml</c> that it has read.</summary>
    public string? Digest { get; init; }

    /// <summary>Whether that is another than the one that was written.</summary>
    public bool Lags { get; init; }

    /// <summary>The modules that it knows.</summary>
    public int Modules { get; init; }

    /// <summary>Those that have failed.</summary>
    public int Failed { get; init; }
}

/// <summary>A WagiClass, or what WagiModules without a class have instead.</summary>
internal sealed record ClassRow
{
    /// <summary>Its name; empty: no class.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it is this operator's.</summary>
    public required bool IsOwn { get; init; }

    /// <summary>Whether WagiModules that name no class have it.</summary>
    public bool IsDefault { get; init; }

    /// <summary>Whether there is a WagiClass of the name.</summary>
    public required bool Exists { get; init; }

    /// <summary>WagiModules of the class.</summary>
    public required int Modules { get; init; }

    /// <summary>Whether its rules are in force, as its status says; null: nobody has said so.</summary>
    public ConditionRow? Accepted { get; init; }

    /// <summary>What may be asked of it.</summary>
    public ImmutableArray<OverviewFact> Rules { get; init; } = [];

    /// <summary>The namespaces that it serves, those that come first; null: this operator does not see namespaces.</summary>
    public ImmutableArray<string>? Namespaces { get; init; }

    /// <summary>How many there are.</summary>
    public int NamespaceCount { get; init; }

    /// <summary>The WagiModules that a namespace may have served; null: any number.</summary>
    public int? MaxModules { get; init; }

    /// <summary>The bytes that they may take; null: any number.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>What namespaces take, those that take most; null: another operator's, or it has not planned.</summary>
    public ImmutableArray<UseRow>? Use { get; init; }
}

/// <param name="Namespace">The namespace.</param>
/// <param name="Modules">Its WagiModules that are served.</param>
/// <param name="Bytes">The bytes that they take.</param>
internal sealed record UseRow(string Namespace, int Modules, int Bytes);

/// <summary>A condition as it is written.</summary>
internal sealed record ConditionRow
{
    public required string Type { get; init; }

    public required string Status { get; init; }

    public required string Reason { get; init; }

    public required string Message { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>What True means.</summary>
    public string? Meaning { get; init; }

    /// <summary>What to do about it; null: nothing.</summary>
    public string? Advice { get; init; }

    /// <summary>The command that helps.</summary>
    public string? Command { get; init; }
}

/// <summary>Every WagiModule that the operator sees.</summary>
/// <param name="Modules">They, by namespace and name.</param>
internal sealed record ModulesReport(ImmutableArray<ModuleRow> Modules);

/// <summary>One WagiModule in the list.</summary>
internal sealed record ModuleRow
{
    /// <summary>Namespace and name.</summary>
    public required string Id { get; init; }

    /// <summary>Its class; null: none.</summary>
    public required string? ClassName { get; init; }

    /// <summary>Whether it is this operator's.</summary>
    public required bool IsOwn { get; init; }

    public required ServingState State { get; init; }

    /// <summary>The reason of <c>Ready</c>.</summary>
    public required string Reason { get; init; }

    /// <summary>The beginning of its message.</summary>
    public required string Message { get; init; }

    public required string Route { get; init; }

    /// <summary>Null: every host.</summary>
    public required IReadOnlyList<string?>? Hosts { get; init; }

    /// <summary>The reference as it is specified.</summary>
    public required string Module { get; init; }

    /// <summary>The digest that the runtimes were told; null: none.</summary>
    public required string? Digest { get; init; }

    /// <summary>Type, status and reason of each condition.</summary>
    public required ImmutableArray<ImmutableArray<string>> Conditions { get; init; }

    /// <summary>Which runtimes serve it as specified: <c>all</c>, <c>none</c> or <c>2/3</c>.</summary>
    public required string? Runtimes { get; init; }

    /// <summary>When <c>Ready</c> came to its status.</summary>
    public required DateTimeOffset? Since { get; init; }

    public required DateTimeOffset? Created { get; init; }

    /// <summary>The WagiModule that has its route; null: none has, or another operator knows.</summary>
    public required string? LostTo { get; init; }
}

/// <summary>A WagiModule's own page. Of environment variables the names only: values may be secret.</summary>
internal sealed record ModuleReport
{
    public required ImmutableArray<ConditionRow> Conditions { get; init; }

    public required long? Generation { get; init; }

    public required long? ObservedGeneration { get; init; }

    /// <summary>What the spec says, and what came of it.</summary>
    public required ImmutableArray<OverviewFact> Facts { get; init; }

    /// <summary>The names that the module sees besides those of CGI, each with where it comes from.</summary>
    public required ImmutableArray<OverviewFact> Environment { get; init; }

    /// <summary>Origins that outbound HTTP reaches.</summary>
    public required ImmutableArray<string> AllowedHosts { get; init; }

    /// <summary>What each runtime says about it; null: this instance does not ask.</summary>
    public required ImmutableArray<RuntimeSays>? Runtimes { get; init; }

    /// <summary>WagiModules that ask for a route that this one has.</summary>
    public required ImmutableArray<string> WonFrom { get; init; }
}

/// <summary>What a runtime says about a WagiModule.</summary>
/// <param name="Runtime">Its name.</param>
/// <param name="Answers">Whether it answers.</param>
/// <param name="State">How far it is; null: it knows no such module, or does not answer.</param>
/// <param name="Reason">The reason.</param>
/// <param name="Message">The reason in a sentence, or why the runtime does not answer.</param>
/// <param name="Revision">The revision that it is about.</param>
/// <param name="Digest">The digest that it serves.</param>
/// <param name="Since">Since when.</param>
internal sealed record RuntimeSays(
    string Runtime, bool Answers, ModuleState? State, string? Reason, string? Message, string? Revision, string? Digest, DateTimeOffset? Since);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    GenerationMode = JsonSourceGenerationMode.Serialization)] // The page reads it; nothing of ours does.
[JsonSerializable(typeof(OverviewReport))]
[JsonSerializable(typeof(ModulesReport))]
[JsonSerializable(typeof(ModuleReport))]
internal sealed partial class OverviewJsonContext : JsonSerializerContext;
