using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Classes;
using Wagi.Operator.Informers;
using Wagi.Operator.Runtimes;

namespace Wagi.Operator.Instance;

/// <summary>Everything that an operator watches.</summary>
internal sealed class OperatorInformers
{
    private readonly ApiServerClient _client;
    private readonly OperatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <param name="client">The API server.</param>
    /// <param name="options">Namespaces and selectors.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Hears of lost connections.</param>
    public OperatorInformers(ApiServerClient client, OperatorOptions options, TimeProvider time, ILogger logger)
    {
        _client = client;
        _options = options;
        _time = time;
        _logger = logger;
        Modules = Of(new ListWatch<WagiModule>(client, WagiModules.Resource, ResourcesJsonContext.Default.WagiModule, WagiModules.Identify, time)
        {
            Namespace = options.WatchNamespace,
            Trim = WagiModules.Trim,
            WhenUnknown = "the custom resource definition is not installed: kubectl apply -f crds/",
        });
        Secrets = Referenced(ApiResource.Secrets);
        ConfigMaps = Referenced(ApiResource.ConfigMaps);
        GeneratedSecret = Generated(ApiResource.Secrets, options.Secret);
        GeneratedConfigMap = Generated(ApiResource.ConfigMaps, options.ConfigMap);
        Pods = options.Runtimes.IsEmpty
            ? Of(new ListWatch<RuntimePod>(client, ApiResource.Pods, RuntimesJsonContext.Default.RuntimePod, pod => pod.Identity, time)
            {
                Namespace = options.Namespace,
                LabelSelector = options.RuntimeSelector,
            })
            : null;
        // Rights in one namespace alone do not reach what belongs to the cluster.
        if (options.Class is not null || options.WatchNamespace is null)
        {
            Classes = Of(new ListWatch<WagiClass>(client, WagiClasses.Resource, ResourcesJsonContext.Default.WagiClass, WagiClasses.Identify, time)
            {
                Trim = WagiClasses.Trim,
                WhenUnknown = "the custom resource definition is not installed: kubectl apply -f crds/",
            });
        }

        if (options.Class is not null)
        {
            Namespaces = Of(new ListWatch<TenantNamespace>(client, ApiResource.Namespaces, ClassesJsonContext.Default.TenantNamespace, item => item.Identity, time)
            {
                MetadataOnly = true,
            });
        }

        All = [.. new IInformer?[] { Modules, Classes, Namespaces, Secrets, ConfigMaps, GeneratedSecret, GeneratedConfigMap, Pods }.OfType<IInformer>()];
    }

    /// <summary>All WagiModules.</summary>
    public Informer<WagiModule> Modules { get; }

    /// <summary>All classes; null when they cannot be seen.</summary>
    public Informer<WagiClass>? Classes { get; }

    /// <summary>The metadata of all namespaces; null when no class asks for it.</summary>
    public Informer<TenantNamespace>? Namespaces { get; }

    /// <summary>The metadata of every Secret that WagiModules may name: no content is kept.</summary>
    public Informer<PartialObject> Secrets { get; }

    /// <summary>The metadata of every ConfigMap that WagiModules may name.</summary>
    public Informer<PartialObject> ConfigMaps { get; }

    /// <summary>The metadata of the one Secret that is generated.</summary>
    public Informer<PartialObject> GeneratedSecret { get; }

    /// <summary>The metadata of the one ConfigMap that is generated.</summary>
    public Informer<PartialObject> GeneratedConfigMap { get; }

    /// <summary>The runtime pods; null when the runtimes are not pods.</summary>
    public Informer<RuntimePod>? Pods { get; }

    /// <summary>All of them.</summary>
    public ImmutableArray<IInformer> All { get; }

    /// <summary>What has not been listed yet, and why, one line each.</summary>
    public IEnumerable<string> NotListed =>
        All.Where(informer => !informer.Synced.IsCompleted).Select(informer => $"{informer.Name}: {informer.Trouble ?? "not listed yet"}");

    /// <summary>Waits until everything has been listed.</summary>
    public Task SyncedAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(All.Select(informer => informer.Synced)).WaitAsync(cancellationToken);

    private Informer<PartialObject> Referenced(ApiResource resource) => Of(
        new ListWatch<PartialObject>(_client, resource, ApiServerJsonContext.Default.PartialObject, item => item.Identity, _time)
        {
            Namespace = _options.WatchNamespace,
            MetadataOnly = true,
        });

    private Informer<PartialObject> Generated(ApiResource resource, string name) => Of(
        new ListWatch<PartialObject>(_client, resource, ApiServerJsonContext.Default.PartialObject, item => item.Identity, _time)
        {
            Namespace = _options.Namespace,
            FieldSelector = $"metadata.name={name}",
            MetadataOnly = true,
        });

    private Informer<T> Of<T>(ListWatch<T> source)
        where T : class => new(source, _time, _logger);
}
