using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Wagi.Operator.ApiServer;
using Wagi.Operator.Informers;
using Wagi.Operator.Metrics;
using Wagi.Operator.Runtimes;

namespace Wagi.Operator.Applying;

/// <summary>
/// Annotates the runtime pods with the digest of what they should serve. A pod that changes makes its kubelet look at it again, and the
/// new content of a mounted ConfigMap is written at once instead of up to 90 seconds later.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="pods">The runtime pods.</param>
/// <param name="metrics">Counts the writes.</param>
/// <param name="logger">Hears of refusals.</param>
internal sealed partial class PodAnnotator(ApiServerClient client, Informer<RuntimePod> pods, OperatorMetrics metrics, ILogger<PodAnnotator> logger)
{
    /// <summary>The annotation.</summary>
    public const string Annotation = "wagi.dev/modules-digest";

    /// <summary>Annotates every running runtime pod that has another digest. A pod that cannot be annotated merely gets its files later.</summary>
    public Task MarkAsync(string digest, CancellationToken cancellationToken) =>
        Task.WhenAll(pods.Objects.Values
            .Where(pod => pod.IsRunning && pod.Metadata.Annotations.GetValueOrDefault(Annotation) != digest)
            .Select(pod => MarkAsync(pod, digest, cancellationToken)));

    private async Task MarkAsync(RuntimePod pod, string digest, CancellationToken cancellationToken)
    {
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [Annotation] = digest } },
        };
        try
        {
            var marked = await client.MergeAsync(
                ApiResource.Pods.PathOf(pod.Identity.Key), patch, RuntimesJsonContext.Default.RuntimePod, isSecret: false, cancellationToken);
            pods.Advance(pod, marked);
            metrics.Wrote(ApiResource.Pods.Plural);
        }
        catch (ApiServerException exception) when (exception.IsNotFound)
        {
            // It has ended in the meantime.
        }
        catch (Exception exception) when (ApiServerException.IsTransient(exception))
        {
            LogNotMarked(logger, pod.Metadata.Name, exception.Message);
        }
    }

    [LoggerMessage(EventId = 521, Level = LogLevel.Warning, Message = "Runtime pod {Pod} could not be told of new modules; it sees them at its kubelet's next round: {Error}")]
    private static partial void LogNotMarked(ILogger logger, string pod, string error);
}
