using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Classes;
using Wagi.Operator.Informers;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Applying;

/// <summary>Writes the operator's own WagiClass, and its status.</summary>
/// <param name="client">The API server.</param>
/// <param name="classes">Told of every write.</param>
/// <param name="time">The clock of conditions.</param>
/// <param name="logger">Hears of refusals.</param>
internal sealed partial class ClassWriter(ApiServerClient client, Informer<WagiClass> classes, TimeProvider time, ILogger<ClassWriter> logger)
{
    private bool _isApplied;

    /// <summary>Applies the class that the operator was given at its start, once, and again when it is gone.</summary>
    /// <param name="manifest">The class; null: it is made by somebody else.</param>
    /// <param name="isMissing">Whether it is not there.</param>
    /// <param name="home">The operator's namespace, with which the class goes; null: it has not been seen.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ApiServerException">The API server refused.</exception>
    /// <exception cref="HttpRequestException">The API server cannot be reached.</exception>
    public async Task ApplyAsync(JsonObject? manifest, bool isMissing, TenantNamespace? home, CancellationToken cancellationToken)
    {
        if (manifest is null || (_isApplied && !isMissing))
        {
            return;
        }

        var owned = manifest.DeepClone().AsObject();
        var name = (string)owned["metadata"]!["name"]!;
        if (home is not null)
        {
            owned["metadata"]!["ownerReferences"] = new JsonArray(new JsonObject
            {
                ["apiVersion"] = ApiResource.Namespaces.ApiVersion,
                ["kind"] = ApiResource.Namespaces.Kind,
                ["name"] = home.Name,
                ["uid"] = home.Metadata.Uid,
            });
        }

        var applied = await client.ApplyAsync(
            WagiClasses.Resource.PathOf(WagiClasses.KeyOf(name)), owned, ResourcesJsonContext.Default.WagiClass, isSecret: false, cancellationToken);
        _isApplied = true;
        LogApplied(logger, name, applied.Metadata.ResourceVersion ?? "");
    }

    /// <summary>Reports whether the rules are in force. A report that fails holds nothing up; it is made again with the next change.</summary>
    /// <param name="item">The class.</param>
    /// <param name="problems">What is wrong with its rules; null: nothing.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ReportAsync(WagiClass item, string? problems, CancellationToken cancellationToken)
    {
        var (status, reason, message) = problems is null
            ? (ConditionStatus.True, ConditionReason.Accepted, "the rules are in force")
            : (ConditionStatus.False, ConditionReason.InvalidSpec, BoundedText.Shorten(
                problems + "; the rules before this change are in force, if there were any", BoundedText.Message));
        var before = item.Status?.Conditions?.FirstOrDefault(condition => condition.Type == ConditionType.Accepted);
        if (before is not null && before.Status == status && before.Message == message && before.ObservedGeneration == item.Metadata.Generation)
        {
            return;
        }

        var condition = new Condition
        {
            Type = ConditionType.Accepted,
            Status = status,
            Reason = reason,
            Message = message,
            ObservedGeneration = item.Metadata.Generation,
            LastTransitionTime = before?.Status == status ? before.LastTransitionTime : time.GetUtcNow(),
        };
        var manifest = new JsonObject
        {
            ["apiVersion"] = WagiModule.GroupVersion,
            ["kind"] = WagiClass.KindName,
            ["metadata"] = new JsonObject { ["name"] = item.Name, ["uid"] = item.Metadata.Uid },
            ["status"] = JsonSerializer.SerializeToNode(new WagiClassStatus { Conditions = [condition] }, ResourcesJsonContext.Default.WagiClassStatus),
        };
        try
        {
            var path = WagiClasses.Resource.PathOf(WagiClasses.KeyOf(item.Name)) + "/status";
            var written = await client.ApplyAsync(path, manifest, ResourcesJsonContext.Default.WagiClass, isSecret: false, cancellationToken);
            classes.Advance(item, WagiClasses.Trim(written));
        }
        catch (Exception exception) when (ApiServerException.IsTransient(exception))
        {
            LogNotReported(logger, item.Name, exception.Message);
        }
    }

    [LoggerMessage(EventId = 531, Level = LogLevel.Information, Message = "Applied WagiClass {Class} at resource version {ResourceVersion}")]
    private static partial void LogApplied(ILogger logger, string @class, string resourceVersion);

    [LoggerMessage(EventId = 532, Level = LogLevel.Warning, Message = "The status of WagiClass {Class} could not be written: {Error}")]
    private static partial void LogNotReported(ILogger logger, string @class, string error);
}
