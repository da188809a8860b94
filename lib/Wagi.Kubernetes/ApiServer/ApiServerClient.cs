using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Wagi.Modules.Retries;

namespace Wagi.Kubernetes.ApiServer;

/// <summary>
/// The few verbs that both programs need of the API server. The ahead-of-time edition of KubernetesClient has no watch, and its typed calls fetch
/// whole objects where metadata is enough.
/// </summary>
public sealed class ApiServerClient : IDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    private static readonly MediaTypeHeaderValue ApplyPatch = new("application/apply-patch+yaml");
    private static readonly MediaTypeHeaderValue MergePatch = new("application/merge-patch+json");
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly ApiServerConnection _connection;
    private readonly string _fieldManager;

    /// <param name="fieldManager">Who owns the fields that are applied: the name of the program, which is also its <c>User-Agent</c>.</param>
    /// <param name="configuration">Address and credentials, as <see cref="Kubeconfig.Load"/> finds them.</param>
    /// <param name="handlers">What requests pass through on their way.</param>
    /// <exception cref="KubeconfigException">The client certificate cannot be used.</exception>
    public ApiServerClient(string fieldManager, k8s.KubernetesClientConfiguration configuration, params DelegatingHandler[] handlers)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        _fieldManager = fieldManager;
        _connection = new ApiServerConnection(configuration, handlers);
    }

    /// <summary>Where the API server is.</summary>
    public Uri Address => _connection.Address;

    /// <summary>Reads one object; null when there is none.</summary>
    /// <exception cref="ApiServerException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public async Task<T?> FindAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await GetAsync(path, type, accept: null, cancellationToken);
        }
        catch (ApiServerException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Reads one object or one page of a list.</summary>
    /// <param name="path">Path and query, relative to <see cref="Address"/>.</param>
    /// <param name="type">How the answer reads.</param>
    /// <param name="accept">Another <c>Accept</c> header than plain JSON.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ApiServerException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, string? accept, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, content: null, type, accept, isSecret: false, cancellationToken);

    /// <summary>Server-side apply: owns the fields in <paramref name="manifest"/>, whoever had them before, and creates the object if needed.</summary>
    /// <param name="path">Path of the object or of its status.</param>
    /// <param name="manifest">The fields, with <c>apiVersion</c>, <c>kind</c> and <c>metadata.name</c>.</param>
    /// <param name="type">How the object that comes back reads.</param>
    /// <param name="isSecret">Keeps the server's words out of exceptions: an admission webhook may quote what it refuses.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ApiServerException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public Task<T> ApplyAsync<T>(string path, JsonObject manifest, JsonTypeInfo<T> type, bool isSecret, CancellationToken cancellationToken) =>
        ApplyAsync(path, manifest, type, ApplyOptions.Force, isSecret, cancellationToken);

    /// <summary>
    /// Server-side apply that takes no field from whoever else applied it: what differs is refused (<see cref="ApiServerException.IsConflict"/>)
    /// unless <paramref name="options"/> say otherwise.
    /// </summary>
    /// <exception cref="ApiServerException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public Task<T> ApplyAsync<T>(string path, JsonObject manifest, JsonTypeInfo<T> type, ApplyOptions options, CancellationToken cancellationToken) =>
        ApplyAsync(path, manifest, type, options, isSecret: false, cancellationToken);

    /// <summary>JSON merge patch (RFC 7396).</summary>
    /// <exception cref="ApiServerException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public Task<T> MergeAsync<T>(string path, JsonObject patch, JsonTypeInfo<T> type, bool isSecret, CancellationToken cancellationToken) =>
        SendAsync(
            HttpMethod.Patch, $"{path}?fieldManager={_fieldManager}", Body(patch, MergePatch), type, accept: null, isSecret, cancellationToken);

    /// <summary>Creates an object in a collection.</summary>
    /// <exception cref="ApiServerException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public Task<T> CreateAsync<T>(string path, JsonObject manifest, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, Body(manifest, Json), type, accept: null, isSecret: false, cancellationToken);

    /// <summary>Opens what goes on until the server ends it: a watch, with one JSON document per line, or a log. The caller disposes the response.</summary>
    /// <exception cref="ApiServerException">The server refused.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    public async Task<HttpResponseMessage> StreamAsync(string path, string? accept, CancellationToken cancellationToken)
    {
        using var request = await RequestAsync(HttpMethod.Get, path, accept, cancellationToken);
        var response = await _connection.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await RefusedAsync(request, response, isSecret: false, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private Task<T> ApplyAsync<T>(
        string path, JsonObject manifest, JsonTypeInfo<T> type, ApplyOptions options, bool isSecret, CancellationToken cancellationToken) => SendAsync(
            HttpMethod.Patch,
            $"{path}?fieldManager={_fieldManager}{(options.HasFlag(ApplyOptions.Force) ? "&force=true" : "")}{(options.HasFlag(ApplyOptions.DryRun) ? "&dryRun=All" : "")}",
            Body(manifest, ApplyPatch), type, accept: null, isSecret, cancellationToken);

    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, string? accept, bool isSecret, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(RequestTimeout);
        try
        {
            using var request = await RequestAsync(method, path, accept, timeout.Token);
            request.Content = content;
            using var response = await _connection.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            if (!response.IsSuccessStatusCode)
            {
                throw await RefusedAsync(request, response, isSecret, timeout.Token);
            }

            await using var stream = await response.Content.ReadAsStreamAsync(timeout.Token);
            return await JsonSerializer.DeserializeAsync(stream, type, timeout.Token)
                ?? throw new ApiServerException(response.StatusCode, "", $"{method} {request.RequestUri} was answered with null");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException(
                HttpRequestError.ConnectionError, $"{method} {path}: no answer from {Address} within {RequestTimeout.TotalSeconds:0} s");
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(HttpMethod method, string path, string? accept, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(method, new Uri(Address, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        request.Headers.TryAddWithoutValidation("Accept", accept ?? "application/json");
        request.Headers.TryAddWithoutValidation("User-Agent", _fieldManager);
        await _connection.PrepareAsync(request, cancellationToken);
        return request;
    }

    private static ByteArrayContent Body(JsonObject json, MediaTypeHeaderValue mediaType) =>
        new(BodyEncoder.Encode(json)) { Headers = { ContentType = mediaType } };

    private static async Task<ApiServerException> RefusedAsync(
        HttpRequestMessage request, HttpResponseMessage response, bool isSecret, CancellationToken cancellationToken)
    {
        var status = ReadStatus(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        var said = isSecret || string.IsNullOrEmpty(status.Message) ? status.Reason ?? "no reason given" : status.Message;
        return new ApiServerException(
            response.StatusCode, status.Reason ?? "",
            $"{request.Method} {request.RequestUri!.AbsolutePath} was refused with {(int)response.StatusCode}: {said}",
            RetryAfter.Of(response))
        {
            Said = said,
        };
    }

    private static StatusAnswer ReadStatus(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, ApiServerJsonContext.Default.StatusAnswer) ?? new StatusAnswer();
        }
        catch (JsonException)
        {
            // A proxy in between, or a server that is just starting.
            return new StatusAnswer { Message = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 200))).Trim() };
        }
    }
}

/// <summary>How server-side apply treats what it finds.</summary>
[Flags]
public enum ApplyOptions
{
    /// <summary>It writes, and leaves to others what is theirs.</summary>
    None = 0,

    /// <summary>It takes over fields that others own.</summary>
    Force = 1,

    /// <summary>The server checks everything and writes nothing.</summary>
    DryRun = 2,
}
