using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wagi.Kubernetes.Resources;

/// <summary>One aspect of the state of a WagiModule, in the form of <c>metav1.Condition</c>.</summary>
public sealed record Condition
{
    [Description("The name of the condition. Example: Ready")]
    [Schema(Required = true, MaxLength = 316, Pattern = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$")]
    public required string Type { get; init; }

    [Description("Whether the condition holds. Example: \"True\"")]
    [Schema(Required = true, Enum = ["True", "False", "Unknown"])]
    public required string Status { get; init; }

    [Description("The generation of the spec that the condition is about. Example: 2")]
    [Schema(Format = "int64", Minimum = 0)]
    public long? ObservedGeneration { get; init; }

    [Description("When the status of the condition last changed. Example: \"2026-11-23T10:00:00Z\"")]
    [Schema(Required = true, Format = "date-time")]
    [JsonConverter(typeof(KubernetesTimeConverter))]
    public required DateTimeOffset LastTransitionTime { get; init; }

    [Description("Why, in one word; docs/operations.md says what to do for each. Example: RouteConflict")]
    [Schema(Required = true, MinLength = 1, MaxLength = 1024, Pattern = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$")]
    public required string Reason { get; init; }

    [Description("Why, in a sentence. Example: served by every runtime")]
    [Schema(Required = true, MaxLength = 32768)]
    public required string Message { get; init; }
}

/// <summary>The values of <see cref="Condition.Status"/>.</summary>
public static class ConditionStatus
{
    /// <summary>It is so.</summary>
    public const string True = nameof(True);

    /// <summary>It is not so.</summary>
    public const string False = nameof(False);

    /// <summary>It is not known yet.</summary>
    public const string Unknown = nameof(Unknown);
}

/// <summary>Times as <c>metav1.Time</c> writes them: RFC 3339, UTC, whole seconds.</summary>
public sealed class KubernetesTimeConverter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStringValue(value.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
    }
}
