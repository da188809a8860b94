using System.Text.Json.Nodes;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Oci.References;

namespace Wagi.Runtime.Cluster;

/// <summary>A WagiModule as <c>wagi deploy</c> applies it: fields that are not named here stay what others made them.</summary>
internal sealed record Deployment
{
    /// <summary>What Kubernetes allows for the name of an object.</summary>
    private const int MaxName = 253;

    /// <summary>The fields whose items are merged with those of others.</summary>
    public static IReadOnlyList<string> Lists { get; } = ["hosts", "allowedHosts", "env"];

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its namespace; null: that of the context.</summary>
    public required string? Namespace { get; init; }

    /// <summary>The path that it answers.</summary>
    public required string Route { get; init; }

    /// <summary>The hosts that it answers for; empty: all.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>The origins that it may send requests to.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Its environment variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Its WagiClass; null: the default one.</summary>
    public string? ClassName { get; init; }

    /// <summary>Secrets with credentials for its registry.</summary>
    public IReadOnlyList<string> PullSecrets { get; init; } = [];

    /// <summary>The manifest.</summary>
    /// <param name="module">The module that it serves.</param>
    public JsonObject Manifest(Reference module)
    {
        var metadata = new JsonObject { ["name"] = Name };
        if (Namespace is not null)
        {
            metadata["namespace"] = Namespace;
        }

        var spec = new JsonObject { ["route"] = Route, ["module"] = $"oci://{module}" };
        if (ClassName is not null)
        {
            spec["className"] = ClassName;
        }

        Add(spec, "hosts", Hosts.Select(host => (JsonNode)host));
        Add(spec, "allowedHosts", AllowedHosts.Select(host => (JsonNode)host));
        Add(spec, "env", Environment.Select(variable => new JsonObject { ["name"] = variable.Key, ["value"] = variable.Value }));
        Add(spec, "imagePullSecrets", PullSecrets.Select(name => new JsonObject { ["name"] = name }));
        return new JsonObject
        {
            ["apiVersion"] = WagiModule.GroupVersion,
            ["kind"] = WagiModule.KindName,
            ["metadata"] = metadata,
            ["spec"] = spec,
        };
    }

    /// <summary>The name of a WagiModule for what is in a repository, which is the last part of its path; null: none can be made of it.</summary>
    public static string? NameOf(Reference reference)
    {
        var last = reference.Repository[(reference.Repository.LastIndexOf('/') + 1)..];
        var name = string.Concat(last.Select(character => char.IsAsciiLetterOrDigit(character) || character is '-' ? character : '-')).Trim('-');
        return IsName(name) ? name : null;
    }

    /// <summary>Whether Kubernetes takes a text for the name of an object (RFC 1123 subdomain).</summary>
    public static bool IsName(string text) =>
        text.Length is > 0 and <= MaxName && text.Split('.').All(label =>
            label.Length > 0 && char.IsAsciiLetterOrDigit(label[0]) && char.IsAsciiLetterOrDigit(label[^1])
            && label.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '-'));

    private static void Add(JsonObject spec, string key, IEnumerable<JsonNode> items)
    {
        var array = new JsonArray([.. items]);
        if (array.Count > 0)
        {
            spec[key] = array;
        }
    }
}
