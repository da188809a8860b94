using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Operator.Runtimes;

/// <summary>The parts of a runtime's <c>v1 Pod</c> that are used here.</summary>
internal sealed record RuntimePod
{
    public required RuntimePodMetadata Metadata { get; init; }

    public RuntimePodStatus? Status { get; init; }

    public ObjectIdentity Identity => new(new ObjectKey(Metadata.Namespace, Metadata.Name), Metadata.ResourceVersion);

    /// <summary>Whether it serves or is about to; false while it is scheduled, while it terminates, and after it has ended.</summary>
    public bool IsRunning => Metadata.DeletionTimestamp is null && Status is { Phase: "Running", PodIP.Length: > 0 };

    /// <summary>Whether it receives requests: the pod's own condition <c>Ready</c>.</summary>
    public bool IsReady => Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) ?? false;
}

/// <summary>The parts of a runtime pod's metadata that are used here. A pod may have neither labels nor annotations.</summary>
internal sealed record RuntimePodMetadata : PartialMetadata
{
    [AllowNull]
    public Dictionary<string, string?> Labels { get => field ?? []; init; }

    [AllowNull]
    public Dictionary<string, string?> Annotations { get => field ?? []; init; }
}

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

/// <summary>One runtime and where its admin port is.</summary>
/// <param name="Name">Name of the pod, or the URL as it was given.</param>
/// <param name="Status">The URL of its <c>/status</c>.</param>
internal sealed record RuntimeEndpoint(string Name, Uri Status)
{
    /// <summary>A runtime named on the command line.</summary>
    public static RuntimeEndpoint At(Uri admin)
    {
        var text = admin.ToString().TrimEnd('/');
        return new(text, new Uri(text + "/status"));
    }

    /// <summary>A runtime pod that <see cref="RuntimePod.IsRunning"/>.</summary>
    public static RuntimeEndpoint Of(RuntimePod pod, int adminPort) =>
        new(pod.Metadata.Name, new UriBuilder(Uri.UriSchemeHttp, pod.Status!.PodIP!, adminPort, "status").Uri);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RuntimePod))]
internal sealed partial class RuntimesJsonContext : JsonSerializerContext;
