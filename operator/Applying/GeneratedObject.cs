using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Informers;
using Wagi.Operator.Metrics;

namespace Wagi.Operator.Applying;

/// <summary>
/// The ConfigMap or the Secret that the operator writes. Its content is read again only after an informer, which sees no more than
/// metadata, has noticed that somebody else changed or deleted it.
/// </summary>
internal sealed partial class GeneratedObject
{
    /// <summary>About what metadata takes.</summary>
    private const int Overhead = 512;

    private readonly ApiServerClient _client;
    private readonly ApiResource _resource;
    private readonly ObjectKey _key;
    private readonly Informer<PartialObject> _informer;
    private readonly OperatorMetrics _metrics;
    private readonly ILogger<GeneratedObject> _logger;
    private ImmutableSortedDictionary<string, byte[]>? _content;
    private string? _resourceVersion;

    /// <param name="client">The API server.</param>
    /// <param name="resource"><see cref="ApiResource.ConfigMaps"/> or <see cref="ApiResource.Secrets"/>.</param>
    /// <param name="key">Where it is.</param>
    /// <param name="informer">Sees this one object.</param>
    /// <param name="metrics">Counts the writes.</param>
    /// <param name="logger">Hears of the writes.</param>
    public GeneratedObject(
        ApiServerClient client, ApiResource resource, ObjectKey key, Informer<PartialObject> informer, OperatorMetrics metrics, ILogger<GeneratedObject> logger)
    {
        _client = client;
        _resource = resource;
        _key = key;
        _informer = informer;
        _metrics = metrics;
        _logger = logger;
    }

    /// <summary>The resource version of the current content, after <see cref="ReadAsync"/> or <see cref="WriteAsync"/>.</summary>
    public string ResourceVersion => _resourceVersion ?? "";

    private bool IsSecret => _resource == ApiResource.Secrets;

    /// <summary>The current content; null when the object does not exist.</summary>
    public async Task<ImmutableSortedDictionary<string, byte[]>?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_informer.Objects.TryGetValue(_key, out var seen) && seen.Metadata.ResourceVersion == _resourceVersion)
        {
            return _content;
        }

        var stored = await _client.FindAsync(_resource.PathOf(_key), ApplyingJsonContext.Default.StoredData, cancellationToken);
        _content = stored?.Content(IsSecret);
        _resourceVersion = stored?.Metadata.ResourceVersion;
        return _content;
    }

    /// <summary>How many bytes <see cref="WriteAsync"/> would write: all of the content, or nothing.</summary>
    public long BytesToWrite(ImmutableSortedDictionary<string, byte[]> content) =>
        _content is not null && AreEqual(_content, content) ? 0 : content.Sum(pair => (long)pair.Key.Length + pair.Value.Length) + Overhead;

    /// <summary>Makes the content exactly this; does nothing when it already is.</summary>
    /// <returns>Whether something was written.</returns>
    public async Task<bool> WriteAsync(ImmutableSortedDictionary<string, byte[]> content, CancellationToken cancellationToken)
    {
        if (_content is not null && AreEqual(_content, content))
        {
            return false;
        }

        var answer = await ApplyAsync(content, cancellationToken);

        // Server-side apply leaves the keys of other managers alone. Here they would be served, or fill the object up.
        var written = answer.Content(IsSecret);
        if (!AreEqual(written, content))
        {
            var surplus = new JsonObject(written.Keys.Where(name => !content.ContainsKey(name)).Select(name => KeyValuePair.Create(name, (JsonNode?)null)));
            answer = await _client.MergeAsync(
                _resource.PathOf(_key), new JsonObject { ["data"] = surplus }, ApplyingJsonContext.Default.StoredData, IsSecret, cancellationToken);
        }

        _content = content;
        _resourceVersion = answer.Metadata.ResourceVersion;
        _metrics.Wrote(_resource.Plural);
        LogWrote(_logger, _resource.Kind, _key, _resourceVersion);
        return true;
    }

    private async Task<StoredData> ApplyAsync(ImmutableSortedDictionary<string, byte[]> content, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.ApplyAsync(
                _resource.PathOf(_key), Manifest(_resource, _key, content), ApplyingJsonContext.Default.StoredData, IsSecret, cancellationToken);
        }
        catch (ApiServerException exception) when (exception.IsNotFound)
        {
            throw ApiServerException.MissingNamespace(_key.Namespace);
        }
    }

    /// <summary>What is applied.</summary>
    public static JsonObject Manifest(ApiResource resource, ObjectKey key, ImmutableSortedDictionary<string, byte[]> content)
    {
        var isSecret = resource == ApiResource.Secrets;
        var data = new JsonObject();
        foreach (var (name, value) in content)
        {
            data[name] = isSecret ? Convert.ToBase64String(value) : Encoding.UTF8.GetString(value);
        }

        var manifest = new JsonObject
        {
            ["apiVersion"] = resource.ApiVersion,
            ["kind"] = resource.Kind,
            ["metadata"] = new JsonObject
            {
                ["name"] = key.Name,
                // Labels and annotations are left to whoever installs the operator: the chart has the object before it has content.
                ["namespace"] = key.Namespace,
            },
            ["data"] = data,
        };
        if (isSecret)
        {
            manifest["type"] = "Opaque";
        }

        return manifest;
    }

    private static bool AreEqual(ImmutableSortedDictionary<string, byte[]> a, ImmutableSortedDictionary<string, byte[]> b) =>
        a.Count == b.Count && a.All(pair => b.TryGetValue(pair.Key, out var other) && pair.Value.AsSpan().SequenceEqual(other));

    [LoggerMessage(EventId = 501, Level = LogLevel.Information, Message = "Wrote {Kind} {Key} at resource version {ResourceVersion}")]
    private static partial void LogWrote(ILogger logger, string kind, ObjectKey key, string resourceVersion);
}

/// <summary>A ConfigMap or Secret as the API server has it.</summary>
internal sealed record StoredData
{
    public required PartialMetadata Metadata { get; init; }

    /// <summary>Type of a Secret.</summary>
    public string? Type { get; init; }

    /// <summary>Text in a ConfigMap, base64 in a Secret.</summary>
    public Dictionary<string, string?>? Data { get; init; }

    /// <summary>The data as bytes.</summary>
    public ImmutableSortedDictionary<string, byte[]> Content(bool isSecret) =>
        (Data ?? []).ToImmutableSortedDictionary(
            pair => pair.Key,
            pair => isSecret ? Convert.FromBase64String(pair.Value ?? "") : Encoding.UTF8.GetBytes(pair.Value ?? ""),
            StringComparer.Ordinal);

    /// <summary>Names, never values: this may end in a log.</summary>
    public override string ToString() => $"{Metadata.Namespace}/{Metadata.Name} with {Data?.Count ?? 0} keys";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(StoredData))]
[JsonSerializable(typeof(StoredEvent))]
internal sealed partial class ApplyingJsonContext : JsonSerializerContext;
