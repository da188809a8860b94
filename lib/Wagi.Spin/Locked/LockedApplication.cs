using System.Collections.Immutable;
using System.Text.Json;
using Wagi.Spin.Applications;

namespace Wagi.Spin.Locked;

/// <summary>
/// A locked application: what Spin makes of a manifest, and puts into an OCI artifact (Spin's crate <c>locked-app</c>, <c>locked.rs</c>). What is
/// unknown in it is passed over, as there, apart from what <c>must_understand</c> and <c>host_requirements</c> name.
/// </summary>
/// <param name="Application">The application.</param>
/// <param name="Contents">Id of a component → where its bytes and files are.</param>
public sealed record LockedApplication(SpinApplication Application, ImmutableDictionary<string, LockedContent> Contents)
{
    private const int MaxComponents = 100;
    private const string Optional = "optional";

    /// <summary>Reads the document.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static LockedApplication Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new FormatException($"the description of the Spin application cannot be read: {exception.Message}", exception);
        }
    }

    private static LockedApplication Read(JsonElement root)
    {
        if (!root.TryGetProperty("spin_lock_version", out var version) || !version.TryGetInt32(out var number) || number is not (0 or 1))
        {
            throw new FormatException("the description of the Spin application has no 'spin_lock_version' 0 or 1");
        }

        var metadata = Member(root, "metadata");
        var components = Items(root, "components").Select(ReadComponent).ToList();
        if (Math.Max(components.Count, Items(root, "triggers").Count()) > MaxComponents)
        {
            throw new FormatException($"the Spin application has more than {MaxComponents} components or triggers");
        }

        if (components.GroupBy(pair => pair.Component.Id, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new FormatException($"the Spin application has two components '{twice.Key}'");
        }

        var application = new SpinApplication
        {
            Name = Text(metadata, "name") ?? "",
            Base = Text(Member(Member(metadata, "triggers"), SpinTrigger.Http), "base") ?? Text(Member(metadata, "trigger"), "base") ?? "/",
            Triggers = [.. Items(root, "triggers").Select(ReadTrigger)],
            Components = [.. components.Select(pair => pair.Component)],
            Variables = Members(root, "variables")
                .ToImmutableSortedDictionary(member => member.Name, member => Text(member.Value, "default"), StringComparer.Ordinal),
            Needs =
            [
                .. Requirements(root),
                .. Items(root, "must_understand").Select(item => item.GetString() ?? "")
                    .Where(name => name is not ("host_requirements" or "component_host_requirements")).Select(name => $"'{name}'"),
            ],
        };
        return new LockedApplication(
            application, components.ToImmutableDictionary(pair => pair.Component.Id, pair => pair.Content, StringComparer.Ordinal));
    }

    private static SpinTrigger ReadTrigger(JsonElement trigger)
    {
        var config = Member(trigger, "trigger_config");
        var executor = Member(config, "executor");
        var route = Member(config, "route");
        var type = Text(trigger, "trigger_type") ?? "";
        return new SpinTrigger
        {
            Type = type,
            Id = Text(trigger, "id") ?? "",
            Component = Text(config, "component"),
            Route = route.ValueKind switch
            {
                JsonValueKind.String => route.GetString(),
                _ when type != SpinTrigger.Http || Member(route, "private").ValueKind == JsonValueKind.True => null,
                _ => throw new FormatException($"trigger '{Text(trigger, "id")}' of the Spin application has no route"),
            },
            Executor = Text(executor, "type") ?? SpinTrigger.Http,
            Entrypoint = Text(executor, "entrypoint"),
            Argv = Text(executor, "argv"),
            Needs =
            [
                .. Member(config, "static_response").ValueKind == JsonValueKind.Object ? ["a static response"] : Array.Empty<string>(),
                .. Members(trigger, "trigger_dependencies").Any() ? ["components in front of it"] : Array.Empty<string>(),
            ],
        };
    }

    private static (SpinComponent Component, LockedContent Content) ReadComponent(JsonElement component)
    {
        var id = Text(component, "id") ?? throw new FormatException("a component of the Spin application has no id");
        var metadata = Member(component, "metadata");
        var digest = Text(Member(component, "source"), "digest") ?? throw new FormatException($"component '{id}' of the Spin application has no digest");
        var files = Items(component, "files").Select(file => new LockedFile(
            Text(file, "path") ?? throw new FormatException($"a file of component '{id}' of the Spin application has no path"),
            Text(file, "digest"),
            Member(file, "inline").ValueKind == JsonValueKind.String ? Member(file, "inline").GetBytesFromBase64() : null));
        return (
            new SpinComponent
            {
                Id = id,
                Environment = Map(component, "env"),
                Variables = Map(component, "config"),
                OutboundHosts = [.. Texts(metadata, "allowed_outbound_hosts")],
                Needs =
                [
                    .. Texts(metadata, "key_value_stores").Select(name => $"the key-value store '{name}'"),
                    .. Texts(metadata, "databases").Select(name => $"the SQLite database '{name}'"),
                    .. Texts(metadata, "ai_models").Select(name => $"the AI model '{name}'"),
                    .. Members(component, "dependencies").Select(member => $"the component '{member.Name}' composed into it (push the application composed)"),
                    .. Members(component, "trigger_dependencies").Any() ? ["components in front of it"] : Array.Empty<string>(),
                    .. Requirements(component),
                ],
            },
            new LockedContent(digest, [.. files]));
    }

    private static IEnumerable<string> Requirements(JsonElement element) => Members(element, "host_requirements")
        .Where(member => !(member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() == Optional))
        .Select(member => member.Name == "local_service_chaining" ? "requests from component to component" : $"'{member.Name}'");

    private static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static string? Text(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : default;

    private static IEnumerable<JsonProperty> Members(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Object } value ? value.EnumerateObject().DistinctBy(member => member.Name) : [];

    private static IEnumerable<string> Texts(JsonElement element, string name) => Items(element, name).Select(item => item.GetString() ?? "");

    private static ImmutableSortedDictionary<string, string> Map(JsonElement element, string name) =>
        Members(element, name).ToImmutableSortedDictionary(member => member.Name, member => member.Value.GetString() ?? "", StringComparer.Ordinal);
}

/// <summary>Where the bytes and files of a component are.</summary>
/// <param name="Digest">Of its WebAssembly: <c>sha256:…</c>.</param>
/// <param name="Files">The files that it sees below <c>/</c>.</param>
public sealed record LockedContent(string Digest, ImmutableArray<LockedFile> Files);

/// <summary>A file of a component.</summary>
/// <param name="Path">Where the component sees it, below its root.</param>
/// <param name="Digest">Of its content: <c>sha256:…</c>; null: the content is in the document.</param>
/// <param name="Inline">The content, when the document has it.</param>
public sealed record LockedFile(string Path, string? Digest, byte[]? Inline);
