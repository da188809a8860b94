using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Informers;
using Wagi.Operator.Metrics;
using Wagi.Operator.Runtimes;

namespace Wagi.Operator.Applying;

/// <summary>
/// Annotates the runtime pods with the digest of what they should serve. A pod that changes makes its kubelet look at it again, and the
/// new content of a mounted ConfigMap is written at once instead of up to 90 seconds later. A kubelet may look before it has heard of the
/// new content; so a pod that goes on reporting the old one is changed again. It has a loop of its own, so that no ConfigMap waits for a pod.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="pods">The runtime pods.</param>
/// <param name="selects">Whether a pod is one of the operator's class.</param>
/// <param name="repeat">How long a pod may be behind before it is annotated again.</param>
/// <param name="metrics">Counts the writes.</param>
/// <param name="time">The clock of the repetition.</param>
/// <param name="logger">Hears of refusals.</param>
internal sealed partial class PodAnnotator(
    ApiServerClient client, Informer<RuntimePod> pods, Func<RuntimePod, bool> selects, TimeSpan repeat, OperatorMetrics metrics, TimeProvider time, ILogger<PodAnnotator> logger)
{
    /// <summary>The annotation with the digest.</summary>
    public const string Annotation = "wagi.dev/modules-digest";

    /// <summary>The annotation that differs each time, in UTC.</summary>
    public const string At = "wagi.dev/modules-digest-at";

    private const int ParallelWrites = 8;

    private ConcurrentDictionary<string, (string Digest, long At)> _marked = [];
    private volatile Wanted? _wanted;

    /// <summary>Raised when there may be a pod to annotate. Handlers must not block.</summary>
    public event Action? Pending;

    /// <summary>Says what the pods should serve from now on.</summary>
    /// <param name="digest">Of what they should serve.</param>
    /// <param name="behind">Names of the pods that report something else.</param>
    public void Want(string digest, IReadOnlySet<string> behind)
    {
        _wanted = new Wanted(digest, behind);
        Pending?.Invoke();
    }

    /// <summary>Leaves the pods alone until <see cref="Want"/>.</summary>
    public void Forget() => _wanted = null;

    /// <summary>
    /// Annotates every running runtime pod that has another digest, or has been behind for too long. A pod that cannot be annotated merely
    /// gets its files later. When the server wants to be left alone, no other pod is annotated; the next call goes on with the rest.
    /// </summary>
    /// <returns>After how long this wants to be called again; null while no pod is behind.</returns>
    /// <exception cref="ApiServerException">The server wants to be left alone for <see cref="ApiServerException.RetryAfter"/>; call again after that.</exception>
    public async Task<TimeSpan?> MarkAsync(CancellationToken cancellationToken)
    {
        if (_wanted is not ({ } digest, { } behind))
        {
            return null;
        }

        var marked = new ConcurrentDictionary<string, (string Digest, long At)>(StringComparer.Ordinal);
        var due = new List<RuntimePod>();
        foreach (var pod in pods.Objects.Values.Where(pod => pod.IsRunning && selects(pod)))
        {
            var isMarked = pod.Metadata.Annotations.GetValueOrDefault(Annotation) == digest;
            var known = _marked.TryGetValue(pod.Metadata.Uid, out var last) && last.Digest == digest;
            if (!isMarked || (known && behind.Contains(pod.Metadata.Name) && time.GetElapsedTime(last.At) >= repeat))
            {
                due.Add(pod);
            }

            if (known || isMarked)
            {
                // One that was annotated before this instance led counts from now.
                marked[pod.Metadata.Uid] = known ? last : (digest, time.GetTimestamp());
            }
        }

        _marked = marked;
        await Parallel.ForEachAsync(
            due,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelWrites, CancellationToken = cancellationToken },
            async (pod, _) =>
            {
                // Not cancelled by another's refusal: what the server has begun it need not do again.
                await MarkAsync(pod, digest, cancellationToken);
                marked[pod.Metadata.Uid] = (digest, time.GetTimestamp());
            });
        return pods.Objects.Values.Any(pod => pod.IsRunning && behind.Contains(pod.Metadata.Name)) ? repeat : null;
    }

    private async Task MarkAsync(RuntimePod pod, string digest, CancellationToken cancellationToken)
    {
        var annotations = new JsonObject
        {
            [Annotation] = digest,
            [At] = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        };
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = annotations } };
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
        catch (Exception exception) when (ApiServerException.IsTransient(exception) && exception is not ApiServerException { RetryAfter: not null })
        {
            LogNotMarked(logger, pod.Metadata.Name, exception.Message);
        }
    }

    private sealed record Wanted(string Digest, IReadOnlySet<string> Behind);

    [LoggerMessage(EventId = 521, Level = LogLevel.Warning, Message = "Runtime pod {Pod} could not be told of new modules; it sees them at its kubelet's next round: {Error}")]
    private static partial void LogNotMarked(ILogger logger, string pod, string error);
}
