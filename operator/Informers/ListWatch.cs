using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Operator.Informers;

/// <summary>Lists and watches one resource of the API server (Kubernetes API concepts, "Efficient detection of changes").</summary>
/// <param name="client">The API server.</param>
/// <param name="resource">The resource.</param>
/// <param name="type">How its objects read.</param>
/// <param name="identify">Key and version of an object.</param>
/// <param name="time">The clock by which a watch is ended that the server does not end.</param>
internal sealed class ListWatch<T>(
    ApiServerClient client, ApiResource resource, JsonTypeInfo<T> type, Func<T, ObjectIdentity> identify, TimeProvider time) : IListWatch<T>
    where T : class
{
    private static readonly TimeSpan WatchGrace = TimeSpan.FromSeconds(30);

    /// <summary>One namespace only; null: all.</summary>
    public string? Namespace { get; init; }

    /// <summary><c>metadata.name=…</c>; null: no selection.</summary>
    public string? FieldSelector { get; init; }

    /// <summary><c>key=value,…</c>; null: no selection.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Whether the server sends metadata only; <typeparamref name="T"/> reads no more, such as <see cref="PartialObject"/>.</summary>
    public bool MetadataOnly { get; init; }

    /// <summary>Drops parts of an object that nobody reads.</summary>
    public Func<T, T> Trim { get; init; } = static item => item;

    /// <summary>What to do when the server does not know the resource.</summary>
    public string? WhenUnknown { get; init; }

    /// <summary>Objects per page of a list.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>For how long to ask for a watch; spread, so that not all watches of all operators end at once.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromSeconds(300 + Random.Shared.Next(300));

    /// <inheritdoc/>
    public string Name { get; } = resource.Group.Length == 0 ? resource.Plural : $"{resource.Plural}.{resource.Group}";

    /// <inheritdoc/>
    public ObjectIdentity Identify(T item) => identify(item);

    /// <inheritdoc/>
    public async Task<ObjectList<T>> ListAsync(CancellationToken cancellationToken)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        string? next = null;
        while (true)
        {
            var path = Query($"limit={PageSize}{(next is null ? "" : "&continue=" + Uri.EscapeDataString(next))}");
            var page = await GetAsync(path, cancellationToken);
            items.AddRange(page.Items.Select(Read));
            next = page.Metadata.Continue;
            if (string.IsNullOrEmpty(next))
            {
                return new ObjectList<T>(items.ToImmutable(), page.Metadata.ResourceVersion);
            }
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync(string resourceVersion, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var overdue = new CancellationTokenSource(WatchTimeout + WatchGrace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, overdue.Token);
        var path = Query(string.Create(
            CultureInfo.InvariantCulture,
            $"watch=true&allowWatchBookmarks=true&timeoutSeconds={WatchTimeout.TotalSeconds:0}&resourceVersion={Uri.EscapeDataString(resourceVersion)}"));

        using var response = await client.StreamAsync(path, MetadataOnly ? PartialObject.Accept : null, either.Token);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(either.Token), Encoding.UTF8);
        while (await NextAsync(lines, overdue.Token, either.Token) is { Length: > 0 } line)
        {
            yield return ReadEvent(line);
        }
    }

    private async Task<ListPage> GetAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetAsync(path, ApiServerJsonContext.Default.ListPage, MetadataOnly ? PartialObject.AcceptList : null, cancellationToken);
        }
        catch (ApiServerException exception) when (exception.IsNotFound && WhenUnknown is not null)
        {
            throw new ApiServerException(exception.StatusCode, exception.Reason, WhenUnknown);
        }
    }

    private static async Task<string?> NextAsync(StreamReader lines, CancellationToken overdue, CancellationToken either)
    {
        try
        {
            return await lines.ReadLineAsync(either);
        }
        catch (OperationCanceledException) when (overdue.IsCancellationRequested)
        {
            return null;
        }
    }

    private WatchEvent<T> ReadEvent(string line)
    {
        var (kind, item) = Parse(line);
        switch (kind)
        {
            case "ADDED" or "MODIFIED" or "DELETED":
                var read = Read(item);
                return new(kind == "DELETED" ? WatchEventType.Deleted : WatchEventType.Stored, identify(read).ResourceVersion, read);
            case "BOOKMARK":
                var bookmark = item.Deserialize(ApiServerJsonContext.Default.Bookmark) ?? throw new JsonException("the bookmark is null");
                return new(WatchEventType.Bookmark, bookmark.Metadata.ResourceVersion, null);
            default:
                var status = item.Deserialize(ApiServerJsonContext.Default.StatusAnswer) ?? new StatusAnswer();
                throw new ApiServerException(
                    (HttpStatusCode)(status.Code ?? 500), status.Reason ?? "", $"watch of {Name} ended with {kind}: {status.Message}");
        }
    }

    /// <summary>A connection that breaks leaves half a line behind.</summary>
    private (string Kind, JsonElement Item) Parse(string line)
    {
        try
        {
            var read = JsonSerializer.Deserialize(line, ApiServerJsonContext.Default.WatchLine) ?? throw new JsonException("the event is null");
            return (read.Type, read.Item);
        }
        catch (JsonException)
        {
            throw new HttpRequestException(HttpRequestError.ResponseEnded, $"watch of {Name} was cut off in the middle of an event");
        }
    }

    private T Read(JsonElement item) => Trim(item.Deserialize(type) ?? throw new JsonException($"{Name} holds null"));

    private string Query(string parameters)
    {
        var query = new StringBuilder(resource.PathOf(Namespace)).Append('?').Append(parameters);
        if (FieldSelector is not null)
        {
            query.Append("&fieldSelector=").Append(Uri.EscapeDataString(FieldSelector));
        }

        if (LabelSelector is not null)
        {
            query.Append("&labelSelector=").Append(Uri.EscapeDataString(LabelSelector));
        }

        return query.ToString();
    }
}
