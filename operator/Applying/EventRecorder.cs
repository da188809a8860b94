using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Wagi.Operator.ApiServer;
using Wagi.Operator.Planning;
using Wagi.Operator.Resources;

namespace Wagi.Operator.Applying;

/// <summary>
/// Reports transitions as events (<c>events.k8s.io/v1</c>). An event is a courtesy: one that cannot be written is logged and forgotten, and
/// the same event is not repeated within a minute.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="instance">Name of this instance of the operator.</param>
/// <param name="time">The clock of the events.</param>
/// <param name="logger">Hears of every event.</param>
internal sealed partial class EventRecorder(ApiServerClient client, string instance, TimeProvider time, ILogger<EventRecorder> logger)
{
    /// <summary>Who reports, as <c>kubectl describe</c> shows it.</summary>
    public const string Controller = "wagi-operator";

    private const string Action = "Reconcile";

    private const int LongestStem = 253 - 17;

    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private readonly HashSet<(string Uid, PlanEvent Event)> _recent = [];
    private readonly Queue<((string Uid, PlanEvent Event) What, DateTimeOffset At)> _order = [];
    private readonly Lock _lock = new();

    /// <summary>Writes an event about a WagiModule.</summary>
    public async Task RecordAsync(WagiModule module, PlanEvent happened, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (!IsNews(module.Metadata.Uid, happened, now))
        {
            return;
        }

        LogEvent(logger, module.Key, happened.Type, happened.Reason, happened.Message);
        try
        {
            await client.CreateAsync(
                ApiResource.Events.PathOf(module.Metadata.NamespaceProperty), Manifest(module, happened, now),
                ApiServerJsonContext.Default.PartialObject, cancellationToken);
        }
        catch (Exception exception) when (ApiServerException.IsTransient(exception))
        {
            LogNotWritten(logger, module.Key, exception.Message);
        }
    }

    private bool IsNews(string uid, PlanEvent happened, DateTimeOffset now)
    {
        lock (_lock)
        {
            while (_order.TryPeek(out var oldest) && now - oldest.At > Memory)
            {
                _recent.Remove(_order.Dequeue().What);
            }

            if (!_recent.Add((uid, happened)))
            {
                return false;
            }

            _order.Enqueue(((uid, happened), now));
            return true;
        }
    }

    /// <summary>As much of a name as leaves room for the event's suffix (RFC 1123: 253 characters).</summary>
    private static string Stem(string name) => name.Length <= LongestStem ? name : name[..LongestStem].TrimEnd('-', '.');

    private JsonObject Manifest(WagiModule module, PlanEvent happened, DateTimeOffset now) => new()
    {
        ["apiVersion"] = ApiResource.Events.ApiVersion,
        ["kind"] = ApiResource.Events.Kind,
        ["metadata"] = new JsonObject
        {
            // As client-go names them; generateName does not help: Kubernetes 1.20 refuses one that ends in a dot.
            ["name"] = $"{Stem(module.Metadata.Name)}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}",
            ["namespace"] = module.Metadata.NamespaceProperty,
        },
        // metav1.MicroTime
        ["eventTime"] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        ["reportingController"] = Controller,
        ["reportingInstance"] = instance,
        ["action"] = Action,
        ["reason"] = happened.Reason,
        ["type"] = happened.Type,
        ["note"] = happened.Message,
        ["regarding"] = new JsonObject
        {
            ["apiVersion"] = WagiModule.GroupVersion,
            ["kind"] = WagiModule.KindName,
            ["namespace"] = module.Metadata.NamespaceProperty,
            ["name"] = module.Metadata.Name,
            ["uid"] = module.Metadata.Uid,
            ["resourceVersion"] = module.Metadata.ResourceVersion,
        },
    };

    [LoggerMessage(EventId = 511, Level = LogLevel.Information, Message = "{Module}: {Type} {Reason}: {Note}")]
    private static partial void LogEvent(ILogger logger, ObjectKey module, string type, string reason, string note);

    [LoggerMessage(EventId = 512, Level = LogLevel.Warning, Message = "An event about {Module} could not be written: {Error}")]
    private static partial void LogNotWritten(ILogger logger, ObjectKey module, string error);
}
