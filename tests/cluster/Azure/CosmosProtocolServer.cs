using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Wagi.TestCluster.Azure;

/// <summary>
/// Two calls of the REST interface of Azure Cosmos DB (for NoSQL), as documented: "Create a document" and "Get a document" of one
/// container whose partition key is <c>/id</c>. Checks the signature that a master key makes, and its date. Not Azure's code: for that
/// there is no emulator that runs here.
/// </summary>
public sealed class CosmosProtocolServer : IAsyncDisposable
{
    private const string Collection = $"dbs/{Database}/colls/{Container}";
    private const string Documents = $"/{Collection}/docs";

    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(15);

    private readonly ConcurrentDictionary<string, JsonObject> _documents = new(StringComparer.Ordinal);
    private readonly WebApplication _app;

    private CosmosProtocolServer()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>The name of its database.</summary>
    public const string Database = "samples";

    /// <summary>The name of its container.</summary>
    public const string Container = "notes";

    /// <summary>Scheme, host and port.</summary>
    public string Origin => _app.Urls.Single();

    /// <summary>The master key, in base64.</summary>
    public string Key { get; } = AzuriteServer.NewKey();

    /// <summary>The documents by id, as they were created and with the properties that the service adds.</summary>
    public IReadOnlyDictionary<string, JsonObject> Stored => _documents;

    /// <summary>Starts it.</summary>
    public static async Task<CosmosProtocolServer> StartAsync(CancellationToken cancellationToken = default)
    {
        var server = new CosmosProtocolServer();
        await server._app.StartAsync(cancellationToken);
        return server;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        var creates = HttpMethods.IsPost(context.Request.Method) && path == Documents;
        var reads = HttpMethods.IsGet(context.Request.Method) && path.StartsWith(Documents + "/", StringComparison.Ordinal);
        if (!creates && !reads)
        {
            return RefuseAsync(context, StatusCodes.Status404NotFound, "NotFound", "Resource Not Found.");
        }

        // A new document has no link yet: the signature names what it is created in.
        var refusal = Authorize(context.Request, creates ? Collection : path[1..]);
        return refusal is { } reason
            ? RefuseAsync(context, reason.Status, reason.Code, reason.Message)
            : creates ? CreateAsync(context) : ReadAsync(context, path[(Documents.Length + 1)..]);
    }

    /// <summary>"Access control on Azure Cosmos DB resources": the hash signature of a master key.</summary>
    private (int Status, string Code, string Message)? Authorize(HttpRequest request, string resourceLink)
    {
        var date = request.Headers["x-ms-date"].ToString();
        if (!DateTimeOffset.TryParseExact(date, "r", CultureInfo.InvariantCulture, DateTimeStyles.None, out var signed)
            || (DateTimeOffset.UtcNow - signed).Duration() > ClockSkew)
        {
            return (StatusCodes.Status403Forbidden, "Forbidden", "The authorization token is not valid at the current time.");
        }

        if (request.Headers["x-ms-version"].Count == 0)
        {
            return (StatusCodes.Status400BadRequest, "BadRequest", "The header x-ms-version is missing.");
        }

        var text = $"{request.Method.ToLowerInvariant()}\ndocs\n{resourceLink}\n{date.ToLowerInvariant()}\n\n";
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Key), Encoding.UTF8.GetBytes(text)));
        return Uri.UnescapeDataString(request.Headers.Authorization.ToString()) == $"type=master&ver=1.0&sig={signature}"
            ? null
            : (StatusCodes.Status401Unauthorized, "Unauthorized",
                $"The input authorization token can't serve the request. Server used the following payload to sign: '{text}'");
    }

    private async Task CreateAsync(HttpContext context)
    {
        var document = await ParseAsync(context.Request);
        if (document?["id"]?.GetValue<string>() is not { Length: > 0 } id)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "BadRequest", "The input content is invalid: 'id' is missing.");
        }
        else if (!IsPartition(context.Request, id))
        {
            await RefuseAsync(
                context, StatusCodes.Status400BadRequest, "BadRequest",
                "Partition key extracted from document doesn't match the one specified in the header.");
        }
        else
        {
            document["_etag"] = $"\"{Guid.NewGuid()}\"";
            document["_ts"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            if (_documents.TryAdd(id, document))
            {
                await WriteAsync(context, StatusCodes.Status201Created, document);
            }
            else
            {
                await RefuseAsync(context, StatusCodes.Status409Conflict, "Conflict", "Resource with specified id already exists.");
            }
        }
    }

    private Task ReadAsync(HttpContext context, string id) => _documents.TryGetValue(id, out var document) && IsPartition(context.Request, id)
        ? WriteAsync(context, StatusCodes.Status200OK, document)
        : RefuseAsync(context, StatusCodes.Status404NotFound, "NotFound", "Resource Not Found.");

    /// <summary>Whether the partition key, a JSON array of one value, is the document's id.</summary>
    private static bool IsPartition(HttpRequest request, string id)
    {
        try
        {
            return JsonNode.Parse(request.Headers["x-ms-documentdb-partitionkey"].ToString()) is JsonArray { Count: 1 } key
                && key[0]?.ToString() == id;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static async Task<JsonObject?> ParseAsync(HttpRequest request)
    {
        try
        {
            return await JsonNode.ParseAsync(request.Body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, string code, string message) =>
        WriteAsync(context, status, new JsonObject { ["code"] = code, ["message"] = message });

    private static Task WriteAsync(HttpContext context, int status, JsonObject body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
