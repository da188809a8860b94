using System.Text.Json.Serialization;

namespace Wagi.Operator.Runtimes;

/// <summary>The parts of <c>v1 PodStatus</c> that are used here.</summary>
internal sealed record RuntimePodStatus
{
    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Unknown</c>.</summary>
    public string? Phase { get; init; }

    [JsonPropertyName("podIP")]
    public string? PodIP { get; init; }

    public IReadOnlyList<RuntimePodCondition?>? Conditions { get; init; }
}

/// <summary>The parts of <c>v1 PodCondition</c> that are used here.</summary>
internal sealed record RuntimePodCondition
{
    public string? Type { get; init; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string? Status { get; init; }
}
