using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;

namespace Wagi.Runtime.Cluster;

/// <summary>The WagiModules of a cluster. Failures are <see cref="ClusterException"/>s.</summary>
/// <param name="client">The API server.</param>
internal sealed class ModuleStore(ApiServerClient client)
{
    private const int PageSize = 500;

    private static readonly ApiResource Resource = WagiModules.Resource;

    /// <summary>The WagiModule of this name; null: there is none.</summary>
    /// <exception cref="ClusterException">It cannot be read.</exception>
    public Task<WagiModule?> FindAsync(ObjectKey key, CancellationToken cancellationToken) => AskAsync("get", key.Namespace, async () =>
    {
        try
        {
            return await client.GetAsync(Resource.PathOf(key), ResourcesJsonContext.Default.WagiModule, accept: null, cancellationToken);
        }
        catch (ApiServerException exception) when (exception is { IsNotFound: true, IsUnknownResource: false })
        {
            return null;
        }
    });

    /// <summary>All WagiModules of a namespace, or (null) of the cluster, by namespace and name.</summary>
    /// <exception cref="ClusterException">They cannot be read.</exception>
    public async Task<IReadOnlyList<WagiModule>> ListAsync(string? @namespace, CancellationToken cancellationToken)
    {
        var modules = new List<WagiModule>();
        string? next = null;
        do
        {
            var path = $"{Resource.PathOf(@namespace)}?limit={PageSize}{(next is null ? "" : "&continue=" + Uri.EscapeDataString(next))}";
            var page = await AskAsync(
                "list", @namespace, () => client.GetAsync(path, ApiServerJsonContext.Default.ListPage, accept: null, cancellationToken));
            modules.AddRange(page.Items.Select(item => item.Deserialize(ResourcesJsonContext.Default.WagiModule)!));
            next = page.Metadata.Continue;
        }
        while (!string.IsNullOrEmpty(next));

        return [.. modules.OrderBy(module => module.Key, ObjectKey.Order)];
    }

    /// <summary>What was reported about a WagiModule, the oldest first; null: it may not be read.</summary>
    /// <exception cref="ClusterException">The API server does not answer.</exception>
    public async Task<IReadOnlyList<ModuleEvent>?> EventsAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        var selector = $"involvedObject.kind={WagiModule.KindName},involvedObject.name={key.Name}";
        var path = $"{ApiResource.Events.PathOf(key.Namespace)}?fieldSelector={Uri.EscapeDataString(selector)}";
        try
        {
            var page = await AskAsync(
                "list", key.Namespace, () => client.GetAsync(path, ApiServerJsonContext.Default.ListPage, accept: null, cancellationToken), ApiResource.Events);
            return [.. page.Items.Select(item => item.Deserialize(ClusterJsonContext.Default.ModuleEvent)!).OrderBy(happened => happened.Time)];
        }
        catch (ClusterException exception) when (exception.IsForbidden)
        {
            return null;
        }
    }

    /// <summary>Server-side apply; returns the WagiModule as it is then.</summary>
    /// <param name="before">As it is now; null: it is new.</param>
    /// <param name="key">Its namespace and name.</param>
    /// <param name="manifest">The fields to own.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">The cluster does not take it.</exception>
    public async Task<WagiModule> ApplyAsync(
        WagiModule? before, ObjectKey key, JsonObject manifest, ApplyOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await client.ApplyAsync(Resource.PathOf(key), manifest, ResourcesJsonContext.Default.WagiModule, options, cancellationToken);
        }
        catch (ApiServerException exception) when (options.HasFlag(ApplyOptions.DryRun) && exception.StatusCode == HttpStatusCode.BadRequest)
        {
            // An admission webhook that cannot be tried.
            return new WagiModule();
        }
        catch (ApiServerException exception) when (before is not null && exception.IsInvalid && exception.Said.Contains("\"null\"", StringComparison.Ordinal))
        {
            return options.HasFlag(ApplyOptions.DryRun) ? before : await ApplyWithoutListsAsync(before, manifest, options, cancellationToken);
        }
        catch (Exception exception) when (ClusterException.From(exception, client.Address, "patch", Resource, key.Namespace) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>
    /// Of a list that loses its last item, old API servers (1.20 is one) leave null, which they then refuse. So the list goes a moment after
    /// all the rest.
    /// </summary>
    private async Task<WagiModule> ApplyWithoutListsAsync(WagiModule before, JsonObject manifest, ApplyOptions options, CancellationToken cancellationToken)
    {
        var removed = new JsonObject();
        var spec = manifest["spec"]!.AsObject();
        var specBefore = JsonSerializer.SerializeToNode(before, ResourcesJsonContext.Default.WagiModule)!["spec"]!.AsObject();
        foreach (var (field, items) in specBefore.Where(field => field.Value is JsonArray && !spec.ContainsKey(field.Key) && Deployment.Lists.Contains(field.Key)))
        {
            spec[field] = items!.DeepClone();
            removed[field] = null;
        }

        await ApplyAsync(null, before.Key, manifest, options, cancellationToken);
        return await AskAsync("patch", before.Key.Namespace, () => client.MergeAsync(
            Resource.PathOf(before.Key), new JsonObject { ["spec"] = removed }, ResourcesJsonContext.Default.WagiModule, isSecret: false, cancellationToken));
    }

    private async Task<T> AskAsync<T>(string verb, string? @namespace, Func<Task<T>> ask, ApiResource? resource = null)
    {
        try
        {
            return await ask();
        }
        catch (Exception exception) when (ClusterException.From(exception, client.Address, verb, resource ?? Resource, @namespace) is { } failure)
        {
            throw failure;
        }
    }
}
