using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Kubernetes.ApiServer;

/// <summary>One page of a list of objects of any kind (Kubernetes API concepts, "Retrieving large results sets in chunks").</summary>
public sealed record ListPage
{
    public required ListMetadata Metadata { get; init; }

    /// <summary>Kubernetes 1.20 writes an empty list of metadata as null.</summary>
    [AllowNull]
    public IReadOnlyList<JsonElement> Items { get => field ?? []; init; }
}

/// <summary>The parts of <c>meta/v1 ListMeta</c> that are used here.</summary>
public sealed record ListMetadata
{
    /// <summary>Leads to the next page; empty or null on the last one.</summary>
    public string? Continue { get; init; }

    /// <summary>What the list shows, and where a watch goes on. An answer without it is no list: nothing may be taken for deleted.</summary>
    public required string ResourceVersion { get; init; }
}

/// <summary>The object of a watch's bookmark, which says only how far the watch is.</summary>
public sealed record Bookmark
{
    public required ListMetadata Metadata { get; init; }
}

/// <summary>One line of a watch: <c>meta/v1 WatchEvent</c>.</summary>
public sealed record WatchLine
{
    /// <summary><c>ADDED</c>, <c>MODIFIED</c>, <c>DELETED</c>, <c>BOOKMARK</c> or <c>ERROR</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The object as it is now, or the <c>Status</c> of an error.</summary>
    [JsonPropertyName("object")]
    public required JsonElement Item { get; init; }
}

/// <summary>The parts of <c>meta/v1 Status</c>, the API server's error object, that are used here.</summary>
public sealed record StatusAnswer
{
    public string? Reason { get; init; }

    public string? Message { get; init; }

    public int? Code { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(PartialObject))]
[JsonSerializable(typeof(ListPage))]
[JsonSerializable(typeof(WatchLine))]
[JsonSerializable(typeof(Bookmark))]
[JsonSerializable(typeof(JsonElement))]
public sealed partial class ApiServerJsonContext : JsonSerializerContext;
