using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Informers;

namespace Wagi.Operator.Values;

/// <summary>
/// The Secrets, or the ConfigMaps, that WagiModules name. An informer sees the metadata of all of them, so that changes are noticed; the
/// content is read only of those that are named, and kept until it changes.
/// </summary>
internal sealed partial class ReferencedObjects<TAnswer, TContent>
    where TAnswer : class
    where TContent : class
{
    private const int ParallelReads = 8;

    private readonly ApiServerClient _client;
    private readonly ApiResource _resource;
    private readonly Informer<PartialObject> _informer;
    private readonly JsonTypeInfo<TAnswer> _type;
    private readonly Func<TAnswer, TContent> _content;
    private readonly ILogger _logger;
    private ImmutableSortedSet<ObjectKey> _named = ImmutableSortedSet.Create(ObjectKey.Order);
    private ImmutableDictionary<ObjectKey, (string ResourceVersion, TContent? Content)> _read =
        ImmutableDictionary<ObjectKey, (string, TContent?)>.Empty;

    /// <param name="client">The API server.</param>
    /// <param name="resource">The resource.</param>
    /// <param name="informer">Sees the metadata of every object that may be named.</param>
    /// <param name="type">How an object reads.</param>
    /// <param name="content">What is kept of it.</param>
    /// <param name="loggers">Hear of refusals.</param>
    public ReferencedObjects(
        ApiServerClient client, ApiResource resource, Informer<PartialObject> informer, JsonTypeInfo<TAnswer> type, Func<TAnswer, TContent> content, ILoggerFactory loggers)
    {
        _client = client;
        _resource = resource;
        _informer = informer;
        _type = type;
        _content = content;
        _logger = loggers.CreateLogger("Wagi.Operator.Values.ReferencedObjects");
    }

    /// <summary>Whether a change of that object matters to a WagiModule.</summary>
    public bool IsNamed(ObjectKey key) => Volatile.Read(ref _named).Contains(key);

    /// <summary>Names the objects that are in use, and reads those that are new or have changed. Null: there is no such object.</summary>
    /// <exception cref="HttpRequestException">The API server cannot be reached.</exception>
    /// <exception cref="ApiServerException">The API server failed.</exception>
    public async Task<IReadOnlyDictionary<ObjectKey, TContent?>> ReadAsync(ImmutableSortedSet<ObjectKey> named, CancellationToken cancellationToken)
    {
        // First, so that no change is missed between here and the reading.
        Volatile.Write(ref _named, named);
        var seen = _informer.Objects;
        var read = new ConcurrentDictionary<ObjectKey, (string ResourceVersion, TContent? Content)>();
        await Parallel.ForEachAsync(
            named,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelReads, CancellationToken = cancellationToken },
            async (key, token) => read[key] = await ReadAsync(key, seen.GetValueOrDefault(key)?.Metadata.ResourceVersion, token));
        _read = read.ToImmutableDictionary();
        return _read.ToDictionary(pair => pair.Key, pair => pair.Value.Content);
    }

    private async Task<(string ResourceVersion, TContent? Content)> ReadAsync(ObjectKey key, string? resourceVersion, CancellationToken cancellationToken)
    {
        if (resourceVersion is null)
        {
            return ("", null);
        }

        if (_read.TryGetValue(key, out var known) && known.ResourceVersion == resourceVersion)
        {
            return known;
        }

        try
        {
            var answer = await _client.FindAsync(_resource.PathOf(key), _type, cancellationToken);
            return (resourceVersion, answer is null ? null : _content(answer));
        }
        catch (ApiServerException exception) when (exception.IsRefused)
        {
            // One that the operator may not read counts as missing and must not hold up the others.
            LogRefused(_logger, _resource.Kind, key, exception.Message);
            return ("", null);
        }
    }

    [LoggerMessage(EventId = 301, Level = LogLevel.Warning, Message = "{Kind} {Key} may not be read: {Error}")]
    private static partial void LogRefused(ILogger logger, string kind, ObjectKey key, string error);
}
