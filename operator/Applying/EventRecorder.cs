using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Applying;

/// <summary>
/// Reports transitions as events (<c>v1 Event</c>). The same reason about the same WagiModule is one Event, which counts and holds the last
/// message, for as long as the API server keeps it (an hour after the last one); the server is all the memory there is. An event is a
/// courtesy: one that cannot be written is logged and forgotten, and so are those that happen while the server wants to be left alone
/// (<see cref="ApiServerException.RetryAfter"/>, up to five minutes), since a status must not wait for an event.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="instance">Name of this instance of the operator.</param>
/// <param name="time">The clock of the events.</param>
/// <param name="logger">Hears of every event.</param>
internal sealed partial class EventRecorder(ApiServerClient client, string instance, TimeProvider time, ILogger<EventRecorder> logger)
{
    /// <summary>Who reports, as <c>kubectl describe</c> shows it.</summary>
    public const string Controller = "wagi-operator";

    private const int LongestStem = 253 - 17;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private volatile Pause? _pause;

    /// <summary>Writes an event about a WagiModule. Only one at a time about each.</summary>
    public async Task RecordAsync(WagiModule module, PlanEvent happened, CancellationToken cancellationToken)
    {
        LogEvent(logger, module.Key, happened.Type, happened.Reason, happened.Message);
        if (_pause is { } pause && time.GetElapsedTime(pause.Begun) < pause.Length)
        {
            LogNotWritten(logger, module.Key, "the API server still wants to be left alone");
            return;
        }

        var key = new ObjectKey(module.Key.Namespace, NameOf(module, happened));
        var now = time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        try
        {
            if (await client.FindAsync(ApiResource.Events.PathOf(key), ApplyingJsonContext.Default.StoredEvent, cancellationToken) is { } before)
            {
                var again = new JsonObject { ["count"] = before.Count + 1, ["lastTimestamp"] = now, ["message"] = happened.Message };
                await client.MergeAsync(ApiResource.Events.PathOf(key), again, ApplyingJsonContext.Default.StoredEvent, isSecret: false, cancellationToken);
            }
            else
            {
                await client.CreateAsync(
                    ApiResource.Events.PathOf(key.Namespace), Manifest(key, module, happened, now), ApplyingJsonContext.Default.StoredEvent, cancellationToken);
            }
        }
        catch (Exception exception) when (ApiServerException.IsTransient(exception))
        {
            if (exception is ApiServerException { RetryAfter: { } wish })
            {
                _pause = new Pause(time.GetTimestamp(), wish < LongestPause ? wish : LongestPause);
            }

            LogNotWritten(logger, module.Key, exception.Message);
        }
    }

    /// <summary>The same for everything that is one Event. It begins with the module's name, as client-go's do (RFC 1123: 253 characters at most).</summary>
    private static string NameOf(WagiModule module, PlanEvent happened)
    {
        var name = module.Key.Name;
        var stem = name.Length <= LongestStem ? name : name[..LongestStem].TrimEnd('-', '.');
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{module.Metadata.Uid}\n{happened.Type}\n{happened.Reason}"));
        return $"{stem}.{Convert.ToHexStringLower(hash.AsSpan(0, 8))}";
    }

    private JsonObject Manifest(ObjectKey key, WagiModule module, PlanEvent happened, string now) => new()
    {
        ["apiVersion"] = ApiResource.Events.ApiVersion,
        ["kind"] = ApiResource.Events.Kind,
        ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace },
        ["count"] = 1,
        ["firstTimestamp"] = now,
        ["lastTimestamp"] = now,
        ["source"] = new JsonObject { ["component"] = Controller },
        ["reportingComponent"] = Controller,
        ["reportingInstance"] = instance,
        ["reason"] = happened.Reason,
        ["type"] = happened.Type,
        ["message"] = happened.Message,
        ["involvedObject"] = new JsonObject
        {
            ["apiVersion"] = WagiModule.GroupVersion,
            ["kind"] = WagiModule.KindName,
            ["namespace"] = module.Metadata.NamespaceProperty,
            ["name"] = module.Metadata.Name,
            ["uid"] = module.Metadata.Uid,
            ["resourceVersion"] = module.Metadata.ResourceVersion,
        },
    };

    private sealed record Pause(long Begun, TimeSpan Length);

    [LoggerMessage(EventId = 511, Level = LogLevel.Information, Message = "{Module}: {Type} {Reason}: {Note}")]
    private static partial void LogEvent(ILogger logger, ObjectKey module, string type, string reason, string note);

    [LoggerMessage(EventId = 512, Level = LogLevel.Warning, Message = "An event about {Module} could not be written: {Error}")]
    private static partial void LogNotWritten(ILogger logger, ObjectKey module, string error);
}

/// <summary>The part of a <c>v1 Event</c> that changes with each repetition.</summary>
internal sealed record StoredEvent
{
    /// <summary>How often it happened.</summary>
    public int Count { get; init; }
}
