using Microsoft.Extensions.Logging;
using Wagi.Operator.ApiServer;
using Wagi.Operator.Informers;
using Wagi.Operator.Resources;
using Wagi.Operator.Runtimes;

namespace Wagi.Operator.Instance;

/// <summary>Makes the informers of an operator.</summary>
/// <param name="client">The API server.</param>
/// <param name="options">Namespaces and selectors.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Hears of lost connections.</param>
internal sealed class OperatorInformers(ApiServerClient client, OperatorOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>All WagiModules.</summary>
    public Informer<WagiModule> Modules() => Of(
        new ListWatch<WagiModule>(client, WagiModules.Resource, ResourcesJsonContext.Default.WagiModule, WagiModules.Identify, time)
        {
            Namespace = options.WatchNamespace,
            Trim = WagiModules.Trim,
            WhenUnknown = "the custom resource definition is not installed: kubectl apply -f crds/",
        });

    /// <summary>The metadata of everything that WagiModules may name: content, of Secrets above all, is not kept.</summary>
    public Informer<PartialObject> Referenced(ApiResource resource) => Of(
        new ListWatch<PartialObject>(client, resource, ApiServerJsonContext.Default.PartialObject, item => item.Identity, time)
        {
            Namespace = options.WatchNamespace,
            MetadataOnly = true,
        });

    /// <summary>The metadata of the one object that is generated.</summary>
    public Informer<PartialObject> Generated(ApiResource resource, string name) => Of(
        new ListWatch<PartialObject>(client, resource, ApiServerJsonContext.Default.PartialObject, item => item.Identity, time)
        {
            Namespace = options.Namespace,
            FieldSelector = $"metadata.name={name}",
            MetadataOnly = true,
        });

    /// <summary>The runtime pods.</summary>
    public Informer<RuntimePod> Pods() => Of(
        new ListWatch<RuntimePod>(client, ApiResource.Pods, RuntimesJsonContext.Default.RuntimePod, pod => pod.Identity, time)
        {
            Namespace = options.Namespace,
            LabelSelector = options.RuntimeSelector,
        });

    private Informer<T> Of<T>(ListWatch<T> source)
        where T : class => new(source, time, logger);
}
