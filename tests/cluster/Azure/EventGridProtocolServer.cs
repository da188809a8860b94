using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Wagi.TestCluster.Azure;

/// <summary>
/// An Azure Event Grid topic as documented: takes events in the Event Grid schema from who has its key, makes sure by the validation
/// handshake that a webhook wants them, and delivers to it. Not Azure's code: there is no emulator.
/// </summary>
public sealed class EventGridProtocolServer : IAsyncDisposable
{
    private static readonly string[] Required = ["id", "eventType", "subject", "eventTime", "dataVersion"];

    private readonly HttpClient _webhooks = new();
    private readonly WebApplication _app;

    private EventGridProtocolServer()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    /// <summary>Scheme, host and port.</summary>
    public string Origin => _app.Urls.Single();

    /// <summary>Where events are published to.</summary>
    public string Endpoint => $"{Origin}/api/events";

    /// <summary>The topic's access key, in base64.</summary>
    public string Key { get; } = AzuriteServer.NewKey();

    /// <summary>The events that were published, in their order.</summary>
    public ConcurrentQueue<JsonObject> Published { get; } = new();

    /// <summary>Starts it.</summary>
    public static async Task<EventGridProtocolServer> StartAsync(CancellationToken cancellationToken = default)
    {
        var server = new EventGridProtocolServer();
        await server._app.StartAsync(cancellationToken);
        return server;
    }

    /// <summary>An event in the Event Grid schema.</summary>
    public static JsonObject Event(string type, string subject, JsonObject data) => new()
    {
        ["id"] = Guid.NewGuid().ToString(),
        ["topic"] = "/subscriptions/0/resourceGroups/samples/providers/Microsoft.EventGrid/topics/samples",
        ["subject"] = subject,
        ["eventType"] = type,
        ["eventTime"] = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture),
        ["metadataVersion"] = "1",
        ["dataVersion"] = "1.0",
        ["data"] = data,
    };

    /// <summary>
    /// Asks a webhook whether it wants events, as Event Grid does when a subscription is made.
    /// </summary>
    /// <returns>Whether it gave back the code in a 200.</returns>
    public async Task<bool> SubscribeAsync(Uri webhook, CancellationToken cancellationToken = default)
    {
        var code = Guid.NewGuid().ToString();
        using var response = await DeliverAsync(
            webhook,
            "SubscriptionValidation",
            cancellationToken,
            Event("Microsoft.EventGrid.SubscriptionValidationEvent", "", new JsonObject { ["validationCode"] = code }));
        return response.StatusCode == System.Net.HttpStatusCode.OK
            && JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))?["validationResponse"]?.GetValue<string>() == code;
    }

    /// <summary>Delivers events to a webhook and gives its answer back.</summary>
    public Task<HttpResponseMessage> DeliverAsync(Uri webhook, CancellationToken cancellationToken, params JsonObject[] events) =>
        DeliverAsync(webhook, "Notification", cancellationToken, events);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _webhooks.Dispose();
        return _app.DisposeAsync();
    }

    private async Task<HttpResponseMessage> DeliverAsync(
        Uri webhook, string kind, CancellationToken cancellationToken, params JsonObject[] events)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook)
        {
            Headers = { { "aeg-event-type", kind }, { "aeg-subscription-name", "SAMPLES" }, { "aeg-delivery-count", "0" } },
            Content = new StringContent(
                new JsonArray([.. events]).ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json", "utf-8")),
        };
        return await _webhooks.SendAsync(request, cancellationToken);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || context.Request.Path != "/api/events")
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "NotFound", "there is no such resource");
        }
        else if (context.Request.Headers["aeg-sas-key"] != Key)
        {
            await RefuseAsync(
                context, StatusCodes.Status401Unauthorized, "Unauthorized",
                "The request authorization key is not authorized for this topic.");
        }
        else if (context.Request.Query["api-version"] != "2018-01-01")
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "BadRequest", "api-version is missing or not supported");
        }
        else if (await ReadAsync(context.Request) is { } events)
        {
            foreach (var published in events)
            {
                Published.Enqueue(published);
            }
        }
        else
        {
            await RefuseAsync(
                context, StatusCodes.Status400BadRequest, "BadRequest", "the body is not an array of events in the Event Grid schema");
        }
    }

    private static async Task<List<JsonObject>?> ReadAsync(HttpRequest request)
    {
        try
        {
            var events = (await JsonNode.ParseAsync(request.Body) as JsonArray)?.OfType<JsonObject>().ToList();
            return events is { Count: > 0 } && events.All(IsValid) ? events : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsValid(JsonObject published) =>
        Required.All(name => published[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String)
        && DateTimeOffset.TryParse(published["eventTime"]!.GetValue<string>(), CultureInfo.InvariantCulture, out _);

    private static Task RefuseAsync(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        var body = new JsonObject { ["error"] = new JsonObject { ["code"] = code, ["message"] = message } };
        return context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
