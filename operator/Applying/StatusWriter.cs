using System.Text.Json;
using System.Text.Json.Nodes;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Informers;
using Wagi.Operator.Metrics;

namespace Wagi.Operator.Applying;

/// <summary>Writes the status of WagiModules.</summary>
/// <param name="client">The API server.</param>
/// <param name="modules">Told of every write, so that the next plan sees it.</param>
/// <param name="metrics">Counts the writes.</param>
internal sealed class StatusWriter(ApiServerClient client, Informer<WagiModule> modules, OperatorMetrics metrics)
{
    /// <summary>Writes a status.</summary>
    /// <param name="module">The WagiModule that the status was made for.</param>
    /// <param name="status">Its complete status.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>False when the WagiModule is gone or has been replaced by another of the same name.</returns>
    /// <exception cref="ApiServerException">The API server refused.</exception>
    /// <exception cref="HttpRequestException">The API server cannot be reached.</exception>
    public async Task<bool> WriteAsync(WagiModule module, WagiModuleStatus status, CancellationToken cancellationToken)
    {
        var manifest = new JsonObject
        {
            ["apiVersion"] = WagiModule.GroupVersion,
            ["kind"] = WagiModule.KindName,
            ["metadata"] = new JsonObject
            {
                ["name"] = module.Metadata.Name,
                ["namespace"] = module.Metadata.NamespaceProperty,
                // The status of a deleted module must not end up on its successor.
                ["uid"] = module.Metadata.Uid,
            },
            ["status"] = JsonSerializer.SerializeToNode(status, ResourcesJsonContext.Default.WagiModuleStatus),
        };
        try
        {
            var path = WagiModules.Resource.PathOf(module.Key) + "/status";
            var written = await client.ApplyAsync(path, manifest, ResourcesJsonContext.Default.WagiModule, isSecret: false, cancellationToken);
            modules.Advance(module, WagiModules.Trim(written));
            metrics.Wrote(WagiModule.Plural);
            return true;
        }
        catch (ApiServerException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // The watch will report it, and that triggers the next turn.
            return false;
        }
    }
}
