using System.Net;
using System.Text.Json;

namespace Wagi.Kubernetes.ApiServer;

/// <summary>The API server refused a request, or gave an answer that is none.</summary>
/// <param name="statusCode">HTTP status.</param>
/// <param name="reason">The machine-readable <c>reason</c> of the <c>Status</c> object: <c>Conflict</c>, <c>Expired</c>, …; empty if there was none.</param>
/// <param name="message">What was asked and what the server said.</param>
/// <param name="retryAfter">How long it wants to be left alone; null: it did not say.</param>
public sealed class ApiServerException(HttpStatusCode statusCode, string reason, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    /// <summary>What it means when an object cannot be created because it was not found.</summary>
    public static ApiServerException MissingNamespace(string name) => new(
        HttpStatusCode.NotFound, "NotFound", $"namespace '{name}' does not exist: kubectl create namespace {name}, or name another with --namespace");

    /// <summary>
    /// Whether an exception reports what a server or the network did, so that the same request may succeed later. Any other exception is
    /// a mistake of this program.
    /// </summary>
    public static bool IsTransient(Exception exception) => exception is ApiServerException or HttpRequestException or IOException or JsonException;

    public HttpStatusCode StatusCode { get; } = statusCode;

    /// <summary>The server's own words alone, without what was asked.</summary>
    public string Said { get; init; } = message;

    public string Reason { get; } = reason;

    /// <summary>
    /// How long the server wants to be left alone, as one with too much to do says with 429 or 503 (RFC 9110 §10.2.3); null: it did not say.
    /// </summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>The resource version, or the continue token, is older than what the server remembers: list again.</summary>
    public bool IsExpired => StatusCode == HttpStatusCode.Gone || Reason is "Expired" or "Gone";

    /// <summary>Somebody else was faster, or the object is another one by now.</summary>
    public bool IsConflict => StatusCode == HttpStatusCode.Conflict;

    /// <summary>The server understood what it was sent and will not have it, however often: 400, 413 and 422.</summary>
    public bool IsInvalid =>
        StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity;

    public bool IsNotFound => StatusCode == HttpStatusCode.NotFound;

    /// <summary>The server has no such kind of object: its CRD is missing. Then it answers without a <c>Status</c>.</summary>
    public bool IsUnknownResource => IsNotFound && Reason.Length == 0;

    /// <summary>RBAC or authentication.</summary>
    public bool IsRefused => StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized;
}
