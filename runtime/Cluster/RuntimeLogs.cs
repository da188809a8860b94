using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Runtime.Cluster;

/// <summary>The logs of all runtime pods of a namespace as one, through the API server.</summary>
/// <param name="client">The API server.</param>
/// <param name="namespace">The namespace.</param>
/// <param name="selector">The pods' labels.</param>
internal sealed class RuntimeLogs(ApiServerClient client, string @namespace, string selector)
{
    private const string Container = "runtime";

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, Task> _readers = new(StringComparer.Ordinal);

    // How many of its lines a pod is asked for, until there was one.
    private readonly Dictionary<string, int?> _before = new(StringComparer.Ordinal);

    // When the last line of each pod was written: a log that breaks off goes on behind it.
    private readonly ConcurrentDictionary<string, DateTimeOffset> _read = new(StringComparer.Ordinal);

    /// <summary>Hands on every line with the name of its pod, one after the other.</summary>
    /// <param name="lines">How many lines of before.</param>
    /// <param name="follows">Whether to go on until it is cancelled, with pods that come later, too.</param>
    /// <param name="write">Gets pod and line.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ClusterException">There are no pods, or they cannot be read.</exception>
    public async Task ReadAsync(int lines, bool follows, Action<string, string> write, CancellationToken cancellationToken)
    {
        var pods = await PodsAsync(cancellationToken);
        if (pods.Count == 0)
        {
            throw new ClusterException(
                $"there are no runtime pods in namespace '{@namespace}' (with the labels {selector}): name theirs with --runtimes, and see "
                + "kubectl get pods --all-namespaces --selector app.kubernetes.io/component=runtime");
        }

        int? before = lines;
        while (true)
        {
            foreach (var pod in pods.Where(pod => !_readers.ContainsKey(pod)))
            {
                // Of a pod that came later, everything is new, also if it is tried before it has started.
                _before.TryAdd(pod, before);
                _readers[pod] = ReadPodAsync(pod, _before[pod], follows, write, cancellationToken);
            }

            before = null;

            if (!follows)
            {
                await Task.WhenAll(_readers.Values);
                return;
            }

            // One that ended is begun again if its pod is still there; a failure that will not go ends the command.
            foreach (var (pod, reader) in _readers.Where(reader => reader.Value.IsCompleted).ToList())
            {
                await reader;
                _readers.Remove(pod);
            }

            await Task.Delay(LookInterval, cancellationToken);
            pods = await PodsAsync(cancellationToken);
        }
    }

    private async Task<IReadOnlyList<string>> PodsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var path = $"{ApiResource.Pods.PathOf(@namespace)}?labelSelector={Uri.EscapeDataString(selector)}";
            var page = await client.GetAsync(path, ApiServerJsonContext.Default.ListPage, PartialObject.AcceptList, cancellationToken);
            return [.. page.Items.Select(item => item.Deserialize(ApiServerJsonContext.Default.PartialObject)!.Metadata.Name).Order(StringComparer.Ordinal)];
        }
        catch (Exception exception) when (ClusterException.From(exception, client.Address, "list", ApiResource.Pods, @namespace) is { } failure)
        {
            throw failure;
        }
    }

    private async Task ReadPodAsync(string pod, int? lines, bool follows, Action<string, string> write, CancellationToken cancellationToken)
    {
        // The server goes by whole seconds.
        var since = _read.GetValueOrDefault(pod);
        var from = since != default
            ? string.Create(CultureInfo.InvariantCulture, $"&sinceTime={since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}")
            : lines is null ? "" : $"&tailLines={lines}";
        var path = $"{ApiResource.Pods.PathOf(new ObjectKey(@namespace, pod))}/log?container={Container}&timestamps=true{from}{(follows ? "&follow=true" : "")}";
        try
        {
            using var response = await client.StreamAsync(path, accept: "*/*", cancellationToken);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            while (await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                // A line without a time is the kubelet's own, such as that there is no log yet.
                var end = line.IndexOf(' ', StringComparison.Ordinal);
                if (end > 0 && DateTimeOffset.TryParse(line.AsSpan(0, end), CultureInfo.InvariantCulture, out var time) && time > since)
                {
                    _read[pod] = time;
                    write(pod, line[(end + 1)..]);
                }
            }
        }
        catch (ApiServerException exception) when (exception.IsNotFound || exception.IsInvalid)
        {
            // The pod is gone, or its container has not started.
        }
        catch (Exception exception) when (follows && exception is HttpRequestException or IOException)
        {
            // The node is not reached, or the connection broke: the pod is tried again.
        }
        catch (Exception exception) when (ClusterException.From(exception, client.Address, "get", LogOf, @namespace) is { } failure)
        {
            throw failure;
        }
    }

    private static ApiResource LogOf { get; } = ApiResource.Pods with { Plural = "pods/log" };
}
