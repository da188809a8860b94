using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Wagi.Runtime.Cluster;

/// <summary>The parts of a <c>v1 Event</c> that are shown.</summary>
internal sealed record ModuleEvent
{
    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    [AllowNull]
    public string Type { get => field ?? ""; init; }

    [AllowNull]
    public string Reason { get => field ?? ""; init; }

    [AllowNull]
    public string Message { get => field ?? ""; init; }

    /// <summary>How often it happened; null: once.</summary>
    public int? Count { get; init; }

    /// <summary>When it happened last.</summary>
    public DateTimeOffset? LastTimestamp { get; init; }

    /// <summary>When it happened, for events that are not counted.</summary>
    public DateTimeOffset? EventTime { get; init; }

    /// <summary>When it happened last; null: nobody says.</summary>
    public DateTimeOffset? Time => LastTimestamp ?? EventTime;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ModuleEvent))]
internal sealed partial class ClusterJsonContext : JsonSerializerContext;
